import { expect, test } from 'vitest';

import { overlap } from './shapeOverlap';
import type { Shape, ShapeKind } from './shapes';

function shape(kind: ShapeKind, ...places: [number, number][]): Shape {
  return { kind, points: places.map(([x, y]) => ({ x, y })) };
}

const box = (left: number, top: number, right: number, bottom: number) =>
  shape('rectangle', [left, top], [right, bottom]);

test('two boxes that share a quarter of each have an overlap of a seventh', () => {
  expect(overlap(box(0, 0, 4, 4), box(2, 2, 6, 6), 'outlines')).toBeCloseTo(1 / 7, 12);
});

test('parts of pixels count for boxes', () => {
  expect(overlap(box(0, 0, 1, 1), box(0, 0, 1, 0.5), 'outlines')).toBe(0.5);
});

test('a region is wholly over itself, and has nothing in common with a neighbour', () => {
  const triangle = shape('polygon', [0, 0], [8, 0], [0, 8]);
  expect(overlap(triangle, triangle, 'outlines')).toBe(1);
  expect(overlap(box(0, 0, 4, 4), box(4, 0, 8, 4), 'outlines')).toBe(0);
});

test('a triangle fills half of the box around it, and all of it where boxes are compared', () => {
  // Of 8 rows the first holds 8 pixels less the diagonal: 7 + 6 + ... + 0, with the centres on it, 36 or 28.
  const triangle = shape('polygon', [0, 0], [8, 0], [0, 8]);
  expect(overlap(triangle, box(0, 0, 8, 8), 'outlines')).toBe(28 / 64);
  expect(overlap(triangle, box(0, 0, 8, 8), 'boxes')).toBe(1);
});

test('a hole between two parts of a row is outside', () => {
  // A U of 6 by 4 with a gap of 2 by 3 on top: 18 pixels; the gap and it have none in common.
  const u = shape('polygon', [0, 0], [2, 0], [2, 3], [4, 3], [4, 0], [6, 0], [6, 4], [0, 4]);
  expect(overlap(u, box(2, 0, 4, 3), 'outlines')).toBe(0);
  expect(overlap(u, box(0, 0, 6, 4), 'outlines')).toBe(18 / 24);
});

test('lines and points overlap nothing', () => {
  expect(overlap(shape('length', [0, 0], [4, 4]), box(0, 0, 4, 4), 'boxes')).toBe(0);
});
