import { expect, test } from 'vitest';

import { undoPlanes16, undoPlanes8 } from './planes';

test('bytes are sums of differences that wrap at 256', () => {
  // 250, 250 + 10 - 256 = 4, 4 + 255 - 256 = 3
  expect(Array.from(undoPlanes8(Uint8Array.of(250, 10, 255), 1))).toEqual([250, 4, 3]);
});

test('each colour is summed by itself', () => {
  const body = Uint8Array.of(10, 20, 30, 1, 2, 255);
  expect(Array.from(undoPlanes8(body, 3))).toEqual([10, 20, 30, 11, 22, 29]);
});

test('16-bit differences are unfolded from their two byte planes', () => {
  // Folded 0, 1, 2, 599 = 0x0257 mean 0, -1, +1, -300.
  const body = Uint8Array.of(0x00, 0x01, 0x02, 0x57, 0x00, 0x00, 0x00, 0x02);
  expect(Array.from(undoPlanes16(body, 1))).toEqual([0, 65535, 0, 65236]);
  const signed = new Int16Array(undoPlanes16(body, 1).buffer);
  expect(Array.from(signed)).toEqual([0, -1, 0, -300]);
});

test('the widest jumps come back', () => {
  // From 0 to 32768 is -32768 modulo 65536, folded 65535; back again is the same.
  const body = Uint8Array.of(0xff, 0xff, 0xff, 0xff);
  expect(Array.from(undoPlanes16(body, 1))).toEqual([32768, 0]);
});

test('16-bit samples of two colours take the sample two before', () => {
  // Differences 5, 100, -1, +2: folded 10, 200, 1, 4.
  const body = Uint8Array.of(10, 200, 1, 4, 0, 0, 0, 0);
  expect(Array.from(undoPlanes16(body, 2))).toEqual([5, 100, 4, 102]);
});

test('any samples survive the way there and back', () => {
  const samples = Uint16Array.from({ length: 999 }, (_, position) => (position * 40_503) & 0xffff);
  for (const stride of [1, 3]) {
    const folded = samples.map((sample, position) => {
      const difference = ((sample - (samples[position - stride] ?? 0)) << 16) >> 16;
      return (difference << 1) ^ (difference >> 15);
    });
    const low = Array.from(folded, (value) => value & 0xff);
    const high = Array.from(folded, (value) => value >> 8);
    expect(undoPlanes16(Uint8Array.from([...low, ...high]), stride)).toEqual(samples);
  }
});
