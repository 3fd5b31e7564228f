import { expect, test } from 'vitest';

import { prefetchOrder } from './prefetch';

test('ten frames ahead and two behind, nearest first, then outwards', () => {
  expect(prefetchOrder(10, 100, 1).slice(0, 16)).toEqual([
    11, 9, 12, 8, 13, 14, 15, 16, 17, 18, 19, 20, 21, 7, 22, 6,
  ]);
});

test('ahead is where the user is going', () => {
  expect(prefetchOrder(10, 100, -1).slice(0, 6)).toEqual([9, 11, 8, 12, 7, 6]);
});

test('nothing beyond the ends', () => {
  expect(prefetchOrder(0, 3, 1)).toEqual([1, 2]);
  expect(prefetchOrder(0, 1, 1)).toEqual([]);
});

test('a long stack is not fetched whole, and less where memory is short', () => {
  expect(prefetchOrder(500, 1_000, 1)).toHaveLength(60);
  expect(prefetchOrder(500, 1_000, 1, 3)).toEqual([501, 499, 502]);
});
