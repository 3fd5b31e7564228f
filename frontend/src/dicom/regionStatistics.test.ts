import { describe, expect, test } from 'vitest';

import type { Modality, Padding } from './recipe';
import { regionStatistics, regionWindow, valuesAtPoint } from './regionStatistics';
import type { Shape } from './shapes';
import type { Samples, StoredFrame } from './storedFrame';

const plain: Modality = { kind: 'rescale', slope: 1, intercept: 0 };

function frame(samples: Samples, columns: number, samples_per_pixel = 1): StoredFrame {
  return {
    samples,
    columns,
    rows: samples.length / samples_per_pixel / columns,
    samples_per_pixel,
    bits_stored: 16,
    photometric_interpretation: samples_per_pixel === 1 ? 'MONOCHROME2' : 'RGB',
    truncated: false,
  };
}

function recipe(modality: Modality = plain, padding: Padding | null = null) {
  return { modality, padding };
}

function box(left: number, top: number, right: number, bottom: number): Shape {
  return {
    kind: 'rectangle',
    points: [
      { x: left, y: top },
      { x: right, y: bottom },
    ],
  };
}

test('figures are of modality values: 2, 4, 4, 4, 5, 5, 7, 9 have a mean of 5 and a deviation of 2', () => {
  // Stored values, of which modality value = stored / 2 - 10.
  const stored = new Uint16Array([24, 28, 28, 28, 30, 30, 34, 38]);
  const modality: Modality = { kind: 'rescale', slope: 0.5, intercept: -10 };
  const { pixelCount, excludedCount, components } = regionStatistics(
    frame(stored, 4),
    recipe(modality),
    box(0, 0, 4, 2),
  );
  expect([pixelCount, excludedCount]).toEqual([8, 0]);
  expect(components).toEqual([{ mean: 5, sd: 2, min: 2, max: 9, median: 4.5, sum: 40 }]);
});

test('only what the shape holds is counted', () => {
  const stored = new Int16Array([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  const { components } = regionStatistics(frame(stored, 3), recipe(), box(1, 0, 3, 2));
  // 2, 3, 5, 6
  expect(components[0]).toMatchObject({ mean: 4, min: 2, max: 6, sum: 16, median: 4 });
});

test('signed values are in order, and a negative slope turns the order round', () => {
  const stored = new Int16Array([-300, -1, 0, 500]);
  const whole = box(0, 0, 4, 1);
  expect(regionStatistics(frame(stored, 4), recipe(), whole).components[0]).toMatchObject({
    min: -300,
    max: 500,
    median: -0.5,
  });
  const negative: Modality = { kind: 'rescale', slope: -2, intercept: 1 };
  expect(regionStatistics(frame(stored, 4), recipe(negative), whole).components[0]).toMatchObject({
    min: -999,
    max: 601,
    median: 2,
  });
});

test('a Modality LUT that rises and falls is ranked by what comes out', () => {
  const modality: Modality = {
    kind: 'lut',
    first_mapped: 0,
    bits: 16,
    entries: [5, 50, 1],
    explanation: '',
  };
  const { components } = regionStatistics(
    frame(new Uint8Array([0, 1, 2]), 3),
    recipe(modality),
    box(0, 0, 3, 1),
  );
  expect(components[0]).toMatchObject({ min: 1, max: 50, median: 5 });
});

describe('what does not count', () => {
  test('padding, in stored values', () => {
    const stored = new Int16Array([-2000, -2000, 10, 20]);
    const modality: Modality = { kind: 'rescale', slope: 1, intercept: -1024 };
    const padded = recipe(modality, { low: -2000, high: -2000 });
    const found = regionStatistics(frame(stored, 4), padded, box(0, 0, 4, 1));
    expect([found.pixelCount, found.excludedCount]).toEqual([2, 2]);
    expect(found.components[0]).toMatchObject({ mean: -1009, min: -1014, max: -1004 });
  });

  test('values that are no number', () => {
    const stored = new Float32Array([NaN, 1, Infinity, 3]);
    const found = regionStatistics(frame(stored, 4), recipe(), box(0, 0, 4, 1));
    expect([found.pixelCount, found.excludedCount]).toEqual([2, 2]);
    expect(found.components[0]).toMatchObject({ mean: 2, sd: 1, median: 2 });
  });

  test('a region of padding alone has no figures', () => {
    const stored = new Uint8Array([7, 7]);
    const found = regionStatistics(
      frame(stored, 2),
      recipe(plain, { low: 7, high: 7 }),
      box(0, 0, 2, 1),
    );
    expect(found).toEqual({ pixelCount: 0, excludedCount: 2, components: [] });
  });

  test('a region between two centres has no figures', () => {
    const found = regionStatistics(frame(new Uint8Array(4), 2), recipe(), box(0.6, 0.6, 1.4, 1.4));
    expect(found).toEqual({ pixelCount: 0, excludedCount: 0, components: [] });
  });
});

test('colour has figures a component, without any rescale', () => {
  const stored = new Uint8Array([10, 20, 30, 30, 40, 90]);
  const modality: Modality = { kind: 'rescale', slope: 2, intercept: 0 };
  const { components } = regionStatistics(
    frame(stored, 2, 3),
    recipe(modality, { low: 10, high: 10 }),
    box(0, 0, 2, 1),
  );
  expect(components.map(({ mean }) => mean)).toEqual([20, 30, 60]);
  expect(components.map(({ sd }) => sd)).toEqual([10, 10, 30]);
});

test('large values keep their small differences', () => {
  const stored = new Float64Array([1e9, 1e9 + 1, 1e9 + 2]);
  const { components } = regionStatistics(frame(stored, 3), recipe(), box(0, 0, 3, 1));
  expect(components[0]?.sd).toBeCloseTo(Math.sqrt(2 / 3), 9);
});

test('the window of a region leaves out a hundredth at either end', () => {
  // 0 to 100: the 1st percentile is 1, the 99th is 99.
  const stored = Uint8Array.from({ length: 101 }, (_, value) => value);
  const window = regionWindow(frame(stored, 101), recipe(), box(0, 0, 101, 1));
  expect(window).toMatchObject({ center: 50, width: 98, function: 'LINEAR_EXACT' });
  expect(regionWindow(frame(stored, 101), recipe(), box(0.6, 0, 1.4, 1))).toBeNull();
});

test('a point has the value of the pixel around it', () => {
  const stored = new Uint8Array([1, 2, 3, 4]);
  const doubled: Modality = { kind: 'rescale', slope: 2, intercept: 0 };
  expect(valuesAtPoint(frame(stored, 2), { modality: doubled }, { x: 1.9, y: 0.1 })).toEqual([4]);
  // The right edge of the image belongs to the last pixel.
  expect(valuesAtPoint(frame(stored, 2), { modality: doubled }, { x: 2, y: 2 })).toEqual([8]);
  const colour = frame(new Uint8Array([5, 6, 7]), 1, 3);
  expect(valuesAtPoint(colour, { modality: doubled }, { x: 0.5, y: 0.5 })).toEqual([5, 6, 7]);
});
