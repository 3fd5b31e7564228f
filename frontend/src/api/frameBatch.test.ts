import { expect, test } from 'vitest';

import { batchEntry, batchFailure } from '../testing/server';
import { frameRanges, readBatch, type BatchEntry } from './frameBatch';

/** The bytes as a stream of chunks of some size. */
function stream(bytes: Uint8Array<ArrayBuffer>, chunkBytes: number): ReadableStream<Uint8Array> {
  let position = 0;
  return new ReadableStream({
    pull(controller) {
      if (position >= bytes.length) controller.close();
      else controller.enqueue(bytes.slice(position, (position += chunkBytes)));
    },
  });
}

function joined(...parts: Uint8Array[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(parts.flatMap((part) => Array.from(part)));
}

async function entries(source: ReadableStream<Uint8Array>): Promise<BatchEntry[]> {
  const found: BatchEntry[] = [];
  for await (const entry of readBatch(source)) found.push(entry);
  return found;
}

test('frames that follow each other are asked for as a range', () => {
  const refs = [3, 4, 5, 9, 8].map((frame_index) => ({ file: 1, frame_index }));
  expect(frameRanges([...refs, { file: 2, frame_index: 9 }])).toBe('1:3-5,1:9,1:8,2:9');
});

test.each([1, 5, 10_000])('entries are found in chunks of %i bytes', async (chunkBytes) => {
  const body = joined(
    batchEntry({ file: 3, frame_index: 7 }, [1, 2, 3, 4, 5, 6]),
    batchEntry({ file: 4, frame_index: 0 }, [-1, 0, 0, 0, 0, 9]),
  );
  const found = await entries(stream(body, chunkBytes));
  expect(found.map(({ ref }) => ref)).toEqual([
    { file: 3, frame_index: 7 },
    { file: 4, frame_index: 0 },
  ]);
  expect(found.map(({ frame }) => 'stored' in frame && Array.from(frame.stored.samples))).toEqual([
    [1, 2, 3, 4, 5, 6],
    [-1, 0, 0, 0, 0, 9],
  ]);
});

test('a frame that fails leaves the others of its batch alone', async () => {
  const body = joined(
    batchFailure({ file: 0, frame_index: 1 }, 'decoder gave up', 'decode_failed', 422),
    batchEntry({ file: 0, frame_index: 2 }, [0, 0, 0, 0, 0, 0]),
  );
  const [first, second] = await entries(stream(body, 100));
  expect(first?.frame).toMatchObject({ code: 'decode_failed', status: 422 });
  expect(second?.frame).toHaveProperty('stored');
});

test('a batch that breaks off in the middle of a frame is no whole batch', async () => {
  const body = batchEntry({ file: 0, frame_index: 0 }, [1, 2, 3, 4, 5, 6]);
  await expect(entries(stream(body.slice(0, -1), 64))).rejects.toMatchObject({
    code: 'bad_answer',
  });
});

test('something else than a batch is refused', async () => {
  const page = new TextEncoder().encode('<!doctype html><title>Proxy</title>');
  await expect(entries(stream(page, 64))).rejects.toMatchObject({ code: 'bad_answer' });
});

test('who stops reading closes the stream', async () => {
  let isClosed = false;
  const source = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.enqueue(batchEntry({ file: 0, frame_index: 0 }, [1, 2, 3, 4, 5, 6]));
    },
    cancel() {
      isClosed = true;
    },
  });
  for await (const { ref } of readBatch(source)) {
    expect(ref.file).toBe(0);
    break;
  }
  expect(isClosed).toBe(true);
});
