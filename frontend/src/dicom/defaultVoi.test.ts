import { expect, test } from 'vitest';

import { defaultVoi, fullDynamicVoi } from './defaultVoi';
import type { DisplayRecipe, VoiWindow } from './recipe';
import type { StoredFrame } from './storedFrame';

const frame: StoredFrame = {
  samples: Uint8Array.of(0, 0, 0, 0),
  rows: 2,
  columns: 2,
  samples_per_pixel: 1,
  bits_stored: 8,
  photometric_interpretation: 'MONOCHROME2',
  truncated: false,
};

const bone: VoiWindow = {
  kind: 'window',
  center: 300,
  width: 1500,
  function: 'LINEAR',
  explanation: 'BONE',
};

const recipe: DisplayRecipe = {
  photometric_interpretation: 'MONOCHROME2',
  modality: { kind: 'rescale', slope: 1, intercept: 0 },
  unit: '',
  voi: [bone, { ...bone, explanation: 'LUNG' }],
  inverted: false,
  padding: null,
};

test('the first choice of the file comes first', () => {
  expect(defaultVoi(frame, recipe)).toBe(bone);
});

test('a mask shows 1 as white even where all of it is 0', () => {
  const mask = { ...frame, bits_stored: 1 };
  expect(defaultVoi(mask, { ...recipe, voi: [] })).toMatchObject({ center: 0.5, width: 1 });
});

test('without a window the values decide, and it is said', () => {
  expect(defaultVoi(frame, { ...recipe, voi: [] })).toMatchObject({
    center: 0,
    width: 1,
    explanation: '1st to 99th percentile',
  });
});

test('colour has no window', () => {
  const palette = { ...frame, photometric_interpretation: 'PALETTE COLOR' };
  expect(defaultVoi(palette, recipe)).toBeNull();
});

test('the full dynamic range leaves the padding out and the windows of the file aside', () => {
  const samples = Int16Array.of(-2000, -100, 300, 50);
  const padded = { ...recipe, padding: { low: -2000, high: -2000 } };
  expect(fullDynamicVoi({ ...frame, samples }, padded)).toMatchObject({
    center: 100,
    width: 400,
    function: 'LINEAR_EXACT',
  });
});

test('the full dynamic range of floating point has no place for what is not a number', () => {
  const samples = Float32Array.of(NaN, -1.5, Infinity, 2.5);
  expect(fullDynamicVoi({ ...frame, samples }, recipe)).toMatchObject({ center: 0.5, width: 4 });
});

test('a frame of padding alone is measured whole', () => {
  const samples = Float32Array.of(7, 7, 9, 7);
  const padded = { ...recipe, padding: { low: 0, high: 10 } };
  expect(fullDynamicVoi({ ...frame, samples }, padded)).toMatchObject({ center: 8, width: 2 });
});
