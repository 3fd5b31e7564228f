import { expect, test } from 'vitest';

import { pictureWay, storedValuesAt, type StoredFrame } from './storedFrame';

const frame: StoredFrame = {
  samples: Uint16Array.of(0, 1, 2, 3, 4, 5),
  rows: 2,
  columns: 3,
  samples_per_pixel: 1,
  bits_stored: 16,
  photometric_interpretation: 'MONOCHROME2',
  truncated: false,
};

test('integers of up to 16 bits go through a table, wider samples are computed', () => {
  expect(pictureWay(frame)).toBe('table');
  expect(pictureWay({ ...frame, samples: Int8Array.of(1) })).toBe('table');
  expect(pictureWay({ ...frame, samples: Uint32Array.of(1) })).toBe('computed');
  expect(pictureWay({ ...frame, samples: Float64Array.of(1) })).toBe('computed');
});

test('only plain 8-bit RGB is drawn as it is', () => {
  const rgb = { ...frame, samples_per_pixel: 3, photometric_interpretation: 'RGB' };
  expect(pictureWay({ ...rgb, samples: new Uint8Array(18) })).toBe('rgb');
  expect(pictureWay({ ...rgb, samples: new Uint16Array(18) })).toBe('server');
  expect(pictureWay({ ...rgb, photometric_interpretation: 'YBR_FULL' })).toBe('server');
  expect(pictureWay({ ...frame, photometric_interpretation: 'PALETTE COLOR' })).toBe('server');
});

test('a pixel index is a column and a row from 0, and nothing beyond the edge', () => {
  expect(storedValuesAt(frame, 2, 1)).toEqual([5]);
  expect(storedValuesAt(frame, 0, 1)).toEqual([3]);
  expect(storedValuesAt(frame, 3, 0)).toBeNull();
  expect(storedValuesAt(frame, 0, -1)).toBeNull();
});
