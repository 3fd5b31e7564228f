import { expect, test } from 'vitest';

import { outlineLines } from './outlines';

const line = (...points: [number, number][]) => points.map(([x, y]) => ({ x, y }));

test('an outline without cuts is one line that ends where it begins', () => {
  const zigzag = line(
    [0, 0],
    [2, 1],
    [4, 0],
    [6, 1],
    [8, 0],
    [8, 9],
    [6, 8],
    [4, 9],
    [2, 8],
    [0, 9],
  );
  expect(outlineLines(zigzag)).toEqual([[...zigzag, { x: 0, y: 0 }]]);
});

test('an outline that is still being drawn shows its only side', () => {
  expect(outlineLines(line([0, 0], [2, 1]))).toEqual([line([0, 0], [2, 1], [0, 0])]);
});

test('the cut from an outline to its hole is not seen', () => {
  const ring = line(
    [0, 0],
    [3, 0],
    [3, 3],
    [0, 3],
    [0, 1],
    // There, around the hole, and back.
    [1, 1],
    [1, 2],
    [2, 2],
    [2, 1],
    [1, 1],
    [0, 1],
  );
  expect(outlineLines(ring)).toEqual([
    line([0, 0], [3, 0], [3, 3], [0, 3], [0, 1]),
    line([1, 1], [1, 2], [2, 2], [2, 1], [1, 1]),
    line([0, 1], [0, 0]),
  ]);
});
