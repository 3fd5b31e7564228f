import type { FrameRef } from '../dicom/frameRef';
import { ApiError } from './apiError';
import { readRawFrame, type RawFrame } from './rawFrame';
import type { ErrorBody } from './types.gen';

/** One frame of a batch, or why it is missing. */
export interface BatchEntry {
  ref: FrameRef;
  frame: RawFrame | ApiError;
}

/** What stands before each body. */
interface EntryHeader {
  file: number;
  frame: number;
  length: number;
  status: number;
  headers: Record<string, string>;
}

/** No header is longer; a larger number means that this is no batch. */
const MOST_HEADER_BYTES = 65_536;

/** Frames as the batch query names them, in order: `3:0-9,4:0`. */
export function frameRanges(refs: readonly FrameRef[]): string {
  const ranges: { file: number; first: number; last: number }[] = [];
  for (const { file, frame_index } of refs) {
    const open = ranges.at(-1);
    if (open?.file === file && open.last + 1 === frame_index) open.last = frame_index;
    else ranges.push({ file, first: frame_index, last: frame_index });
  }
  return ranges
    .map(({ file, first, last }) =>
      first === last
        ? `${String(file)}:${String(first)}`
        : `${String(file)}:${String(first)}-${String(last)}`,
    )
    .join(',');
}

/**
 * Reads the entries of a batch as they come: a length of 4 bytes, a JSON header
 * of that length, and a body. A stream that ends between two entries is over.
 */
export async function* readBatch(stream: ReadableStream<Uint8Array>): AsyncGenerator<BatchEntry> {
  const bytes = new ByteReader(stream);
  try {
    for (;;) {
      const prefix = await bytes.take(4);
      if (prefix === null) return;
      const header = readHeader(await bytes.need(headerLength(prefix)));
      const body = await bytes.need(header.length);
      const ref = { file: header.file, frame_index: header.frame };
      yield { ref, frame: readEntry(header, body) };
    }
  } finally {
    // Who stops listening closes the line.
    await bytes.close();
  }
}

function headerLength(prefix: Uint8Array<ArrayBuffer>): number {
  const length = new DataView(prefix.buffer).getUint32(0, true);
  if (length === 0 || length > MOST_HEADER_BYTES) throw badAnswer('no batch of frames');
  return length;
}

function readHeader(bytes: Uint8Array): EntryHeader {
  const header = JSON.parse(new TextDecoder().decode(bytes)) as EntryHeader;
  if (!Number.isSafeInteger(header.length) || header.length < 0) {
    throw badAnswer('a frame without a length');
  }
  return header;
}

function readEntry(
  { status, headers }: EntryHeader,
  body: Uint8Array<ArrayBuffer>,
): RawFrame | ApiError {
  if (status === 200) return readRawFrame(new Headers(headers), body.buffer);
  const { error, code } = JSON.parse(new TextDecoder().decode(body)) as ErrorBody;
  return new ApiError(error, code, status);
}

/** Takes whole pieces out of a stream of chunks. */
class ByteReader {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  #chunk: Uint8Array = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** The next `count` bytes, in a buffer of their own; null where the stream has ended before them. */
  async take(count: number): Promise<Uint8Array<ArrayBuffer> | null> {
    const piece = new Uint8Array(count);
    let filled = 0;
    while (filled < count) {
      if (this.#chunk.length === 0) {
        const { done, value } = await this.#reader.read();
        if (done) {
          if (filled === 0) return null;
          throw badAnswer('a batch that breaks off');
        }
        this.#chunk = value;
      }
      const part = this.#chunk.subarray(0, count - filled);
      piece.set(part, filled);
      filled += part.length;
      this.#chunk = this.#chunk.subarray(part.length);
    }
    return piece;
  }

  async need(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const piece = await this.take(count);
    if (piece === null) throw badAnswer('a batch that breaks off');
    return piece;
  }

  async close(): Promise<void> {
    await this.#reader.cancel().catch(() => undefined);
  }
}

function badAnswer(what: string): ApiError {
  return new ApiError(`the server answered ${what}`, 'bad_answer', 200);
}
