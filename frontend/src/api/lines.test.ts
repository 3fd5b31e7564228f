import { expect, test } from 'vitest';

import { readLines } from './lines';

function streamOf(...chunks: Uint8Array<ArrayBuffer>[]): ReadableStream<Uint8Array> {
  return new Blob(chunks).stream();
}

/** Chunks that are cut anywhere, each handed over by itself. */
function chunked(text: string, size: number): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  return new ReadableStream({
    start(controller) {
      for (let start = 0; start < bytes.length; start += size) {
        controller.enqueue(bytes.slice(start, start + size));
      }
      controller.close();
    },
  });
}

async function all(stream: ReadableStream<Uint8Array>): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of readLines(stream)) lines.push(line);
  return lines;
}

test.each([1, 2, 3, 7, 100])('lines come whole from chunks of %i bytes', async (size) => {
  expect(await all(chunked('{"a":1}\n\n{"b":"Größe 字"}\n', size))).toEqual([
    '{"a":1}',
    '',
    '{"b":"Größe 字"}',
  ]);
});

test('an empty stream has no lines', async () => {
  expect(await all(streamOf())).toEqual([]);
});

test('a stream that ends within a line is no whole answer', async () => {
  const lines = readLines(chunked('first\nsec', 4));
  expect((await lines.next()).value).toBe('first');
  await expect(lines.next()).rejects.toThrow(TypeError);
});

test('who stops listening closes the line', async () => {
  let isClosed = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      controller.enqueue(new TextEncoder().encode('one\ntwo\n'));
    },
    cancel: () => {
      isClosed = true;
    },
  });
  for await (const line of readLines(stream)) {
    expect(line).toBe('one');
    break;
  }
  expect(isClosed).toBe(true);
});
