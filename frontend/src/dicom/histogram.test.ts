import { expect, test } from 'vitest';

import { histogramOf } from './histogram';
import type { Modality } from './recipe';

const AS_IS: Modality = { kind: 'rescale', slope: 1, intercept: 0 };

function counted(...rest: Parameters<typeof histogramOf>) {
  const histogram = histogramOf(...rest);
  return histogram && { ...histogram, counts: Array.from(histogram.counts) };
}

test('few whole numbers have a bin each, and lie in its middle', () => {
  expect(counted(Int16Array.of(-1, 0, 0, 2, 2, 2), AS_IS, null)).toEqual({
    low: -1.5,
    high: 2.5,
    counts: [1, 2, 0, 3],
    total: 6,
  });
});

test('bins are in modality values', () => {
  const modality: Modality = { kind: 'rescale', slope: 2, intercept: -1024 };
  expect(counted(Uint16Array.of(0, 1, 1, 3), modality, null)).toEqual({
    low: -1025,
    high: -1017,
    counts: [1, 2, 0, 1],
    total: 4,
  });
});

test('a negative slope turns the order around', () => {
  const modality: Modality = { kind: 'rescale', slope: -1, intercept: 10 };
  expect(counted(Uint8Array.of(0, 0, 1), modality, null)).toMatchObject({
    low: 8.5,
    counts: [1, 2],
  });
});

test('many whole numbers share bins evenly: a flat image stays flat', () => {
  const all = Uint16Array.from({ length: 1024 }, (_, position) => position);
  const histogram = histogramOf(all, AS_IS, null);
  expect(histogram?.counts).toHaveLength(256);
  expect(new Set(histogram?.counts)).toEqual(new Set([4]));
});

test('padding is left out, and an image of padding alone has no histogram', () => {
  const padding = { low: -2000, high: -1000 };
  const samples = Int16Array.of(-2000, -1500, 5, 6);
  expect(counted(samples, AS_IS, padding)).toMatchObject({ counts: [1, 1], total: 2 });
  expect(histogramOf(samples.subarray(0, 2), AS_IS, padding)).toBeNull();
});

test('fractions are counted between the least and the greatest, what is no number is not', () => {
  const samples = Float32Array.of(0, 0.25, 1, NaN, Infinity);
  const histogram = histogramOf(samples, AS_IS, null);
  expect(histogram).toMatchObject({ low: 0, high: 1, total: 3 });
  expect([0, 64, 255].map((bin) => histogram?.counts[bin])).toEqual([1, 1, 1]);
});

test('an image of one value has one bin around it', () => {
  expect(counted(Float32Array.of(8, 8), AS_IS, null)).toEqual({
    low: 4,
    high: 12,
    counts: [2],
    total: 2,
  });
  expect(counted(Uint8Array.of(8, 8), AS_IS, null)).toEqual({
    low: 7.5,
    high: 8.5,
    counts: [2],
    total: 2,
  });
});

test('32-bit samples are counted like shorter ones', () => {
  expect(counted(Int32Array.of(100_000, 100_001, 100_001), AS_IS, null)).toEqual({
    low: 99_999.5,
    high: 100_001.5,
    counts: [1, 2],
    total: 3,
  });
});
