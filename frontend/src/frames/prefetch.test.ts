import { expect, test } from 'vitest';

import { prefetchOrder } from './prefetch';

test('six frames ahead and two behind, nearest first', () => {
  expect(prefetchOrder(10, 100, 1)).toEqual([11, 9, 12, 8, 13, 14, 15, 16]);
});

test('ahead is where the user is going', () => {
  expect(prefetchOrder(10, 100, -1)).toEqual([9, 11, 8, 12, 7, 6, 5, 4]);
});

test('nothing beyond the ends', () => {
  expect(prefetchOrder(0, 3, 1)).toEqual([1, 2]);
  expect(prefetchOrder(0, 1, 1)).toEqual([]);
});
