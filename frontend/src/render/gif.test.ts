import { expect, test } from 'vitest';

import { GifWriter } from './gif';

async function written(times_ms: readonly number[]): Promise<Uint8Array> {
  const writer = new GifWriter(2, 1);
  for (const stands_ms of times_ms) {
    writer.add(Uint8ClampedArray.of(10, 20, 30, 255, 40, 50, 60, 255), stands_ms);
  }
  return new Uint8Array(await writer.finish().arrayBuffer());
}

/** Ticks of each frame, from its Graphic Control Extension. */
function ticks(bytes: Uint8Array): number[] {
  const found: number[] = [];
  for (let place = 0; place < bytes.length - 5; place++) {
    const isControl = bytes[place] === 0x21 && bytes[place + 1] === 0xf9 && bytes[place + 2] === 4;
    if (isControl) found.push((bytes[place + 4] ?? 0) + 256 * (bytes[place + 5] ?? 0));
  }
  return found;
}

test('two pixels are written as GIF has it', async () => {
  expect(Array.from(await written([100]))).toEqual([
    ...[0x47, 0x49, 0x46, 0x38, 0x39, 0x61, 2, 0, 1, 0, 0x70, 0, 0],
    ...[0x21, 0xff, 11, ...new TextEncoder().encode('NETSCAPE2.0'), 3, 1, 0, 0, 0],
    ...[0x21, 0xf9, 4, 0, 10, 0, 0, 0],
    ...[0x2c, 0, 0, 0, 0, 2, 0, 1, 0, 0x80, 10, 20, 30, 40, 50, 60],
    // Codes of three bits from the lowest on: clear (4), pixel 0, pixel 1, end (5).
    ...[2, 2, 0b01_000_100, 0b0000_101_0, 0],
    0x3b,
  ]);
});

test('times that are no whole hundredths keep the length of the whole', async () => {
  expect(ticks(await written([45, 45, 45, 45]))).toEqual([5, 4, 5, 4]);
  expect(ticks(await written([33.3, 33.3, 33.3]))).toEqual([3, 4, 3]);
  // Below two hundredths browsers would slow it down themselves.
  expect(ticks(await written([5, 5]))).toEqual([2, 2]);
});
