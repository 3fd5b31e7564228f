import { expect, test } from 'vitest';

import { realWorldValue } from './realWorld';

const linear = { first: 0, last: 4095, slope: 2, intercept: -1024, values: [] };

test('slope and intercept apply to stored values', () => {
  expect(realWorldValue(100, linear)).toBe(-824);
});

test('a mapping ends where it says, both ends included', () => {
  expect([-1, 0, 4095, 4096].map((stored) => realWorldValue(stored, linear))).toEqual([
    null,
    -1024,
    7166,
    null,
  ]);
});

test('a table begins at the first value', () => {
  const table = { first: 10, last: 12, slope: null, intercept: null, values: [0.5, 1.5, 4.5] };
  expect([10, 12].map((stored) => realWorldValue(stored, table))).toEqual([0.5, 4.5]);
});
