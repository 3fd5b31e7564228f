import { expect, test } from 'vitest';

import { boundsOf, isTooSmall, linesOf, type Shape } from './shapes';

const line = (...points: [number, number][]) => points.map(([x, y]) => ({ x, y }));

test('the outline of a rectangle goes around and ends where it begins', () => {
  const shape: Shape = { kind: 'rectangle', points: line([1, 2], [4, 6]) };
  expect(linesOf(shape)).toEqual([line([1, 2], [4, 2], [4, 6], [1, 6], [1, 2])]);
});

test('the outline of an ellipse touches its box in the middle of each side', () => {
  const [outline = []] = linesOf({ kind: 'ellipse', points: line([0, 10], [40, 20]) });
  const rounded = outline.map(({ x, y }) => `${x.toFixed(6)} ${y.toFixed(6)}`);
  for (const touched of ['40 15', '20 20', '0 15', '20 10']) {
    const [x = '', y = ''] = touched.split(' ');
    expect(rounded).toContain(`${Number(x).toFixed(6)} ${Number(y).toFixed(6)}`);
  }
  const box = boundsOf(outline);
  expect([box.left, box.top, box.right, box.bottom].map((side) => Math.round(side))).toEqual([
    0, 10, 40, 20,
  ]);
});

test('a Cobb angle is two lines that are not joined', () => {
  const points = line([0, 0], [9, 1], [0, 5], [9, 9]);
  expect(linesOf({ kind: 'cobb', points })).toEqual([points.slice(0, 2), points.slice(2)]);
});

test.each<[Shape['kind'], [number, number][], boolean]>([
  [
    'rectangle',
    [
      [5, 5],
      [6, 6],
    ],
    false,
  ],
  [
    'rectangle',
    [
      [5, 5],
      [5.9, 9],
    ],
    true,
  ],
  [
    'polygon',
    [
      [0, 0],
      [9, 0],
    ],
    true,
  ],
  [
    'polygon',
    [
      [0, 0],
      [9, 0],
      [0, 9],
    ],
    false,
  ],
  [
    'freehand',
    [
      [0, 0],
      [9, 0],
      [4, 0.3],
    ],
    true,
  ],
  [
    'length',
    [
      [3, 3],
      [3.2, 3.2],
    ],
    true,
  ],
  [
    'length',
    [
      [3, 3],
      [3, 4],
    ],
    false,
  ],
  [
    'angle',
    [
      [0, 0],
      [5, 5],
      [5, 5],
    ],
    true,
  ],
  [
    'cobb',
    [
      [0, 0],
      [5, 5],
      [5, 5],
      [9, 9],
    ],
    false,
  ],
  ['point', [[3, 3]], false],
])('a %s at %j counts as a slip of the hand: %s', (kind, points, expected) => {
  expect(isTooSmall({ kind, points: line(...points) })).toBe(expected);
});

test('an empty list of points has a box without extent', () => {
  expect(boundsOf([])).toEqual({ left: 0, top: 0, right: 0, bottom: 0 });
});
