import { expect, test } from 'vitest';

import { readRawFrame } from './rawFrame';

function headers(change: Record<string, string> = {}): Headers {
  return new Headers({
    'X-Frame-Rows': '1',
    'X-Frame-Columns': '2',
    'X-Frame-Bits-Allocated': '16',
    'X-Frame-Pixel-Representation': '0',
    'X-Frame-Samples-Per-Pixel': '1',
    'X-Frame-Photometric-Interpretation': 'MONOCHROME1',
    'X-Frame-Recipe': 'abc',
    ...change,
  });
}

test('samples are little-endian', () => {
  const { stored, recipeId } = readRawFrame(headers(), Uint8Array.of(1, 0, 0, 128).buffer);
  expect(Array.from(stored.samples)).toEqual([1, 32768]);
  expect(stored).toMatchObject({ rows: 1, columns: 2, photometric_interpretation: 'MONOCHROME1' });
  expect(recipeId).toBe('abc');
});

test('pixel representation 1 makes them signed', () => {
  const { stored } = readRawFrame(
    headers({ 'X-Frame-Pixel-Representation': '1' }),
    Uint8Array.of(255, 255, 0, 128).buffer,
  );
  expect(Array.from(stored.samples)).toEqual([-1, -32768]);
});

test('32 bits of a float are no integer', () => {
  const { stored } = readRawFrame(
    headers({ 'X-Frame-Bits-Allocated': '32', 'X-Frame-Sample-Kind': 'float' }),
    Float32Array.of(0.5, -2).buffer,
  );
  expect(Array.from(stored.samples)).toEqual([0.5, -2]);
});

test('a frame in planes comes back as it was', () => {
  const { stored } = readRawFrame(
    headers({ 'X-Frame-Encoding': 'planes', 'X-Frame-Pixel-Representation': '1' }),
    // Differences 300 and -301, folded 600 = 0x0258 and 601 = 0x0259.
    Uint8Array.of(0x58, 0x59, 0x02, 0x02).buffer,
  );
  expect(Array.from(stored.samples)).toEqual([300, -1]);
});

test('a body of another length than its headers say is refused', () => {
  expect(() => readRawFrame(headers(), new ArrayBuffer(3))).toThrow('3 bytes instead of 4');
});

test('an answer without dimensions is refused, as from a proxy of its own mind', () => {
  expect(() => readRawFrame(new Headers(), new ArrayBuffer(0))).toThrow('X-Frame-Rows');
});
