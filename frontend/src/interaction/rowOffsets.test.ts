import { expect, test } from 'vitest';

import { RowOffsets } from './rowOffsets';

const mixed = new RowOffsets([28, 28, 52, 52, 28], 5);

test('rows of different heights follow each other without a gap', () => {
  expect([0, 1, 2, 3, 4, 5, 9].map((row) => mixed.top(row))).toEqual([
    0, 28, 56, 108, 160, 188, 188,
  ]);
  expect([mixed.height(2), mixed.height(4), mixed.total]).toEqual([52, 28, 188]);
});

test('each height belongs to one row', () => {
  expect([-5, 0, 27, 28, 55.9, 56, 107.9, 108, 187, 500].map((y) => mixed.rowAt(y))).toEqual([
    0, 0, 0, 1, 1, 2, 2, 3, 4, 4,
  ]);
});

test('an empty list has no row anywhere', () => {
  const empty = new RowOffsets([], 0);
  expect([empty.rowAt(0), empty.top(0), empty.total]).toEqual([-1, 0, 0]);
});
