import { expect, test } from 'vitest';

import { distanceTo, handleAt } from './shapeHits';
import type { Shape } from './shapes';

const scale = { x: 1, y: 1 };
const box: Shape = {
  kind: 'rectangle',
  points: [
    { x: 10, y: 10 },
    { x: 30, y: 20 },
  ],
};

test('a region is met at its outline, from both sides', () => {
  expect(distanceTo(box, { x: 10, y: 15 }, scale)).toBe(0);
  expect(distanceTo(box, { x: 7, y: 15 }, scale)).toBe(3);
  expect(distanceTo(box, { x: 12, y: 15 }, scale)).toBe(2);
  expect(distanceTo(box, { x: 33, y: 24 }, scale)).toBe(5);
});

test('distances are measured on the screen', () => {
  expect(distanceTo(box, { x: 20, y: 22 }, { x: 4, y: 8 })).toBe(16);
});

test('the circle around a point is met at its distance', () => {
  const circle: Shape = {
    kind: 'ellipse',
    points: [
      { x: 0, y: 0 },
      { x: 100, y: 100 },
    ],
  };
  expect(distanceTo(circle, { x: 50, y: 50 }, scale)).toBeCloseTo(50, 0);
  // 30-40-50: a point of the rim.
  expect(distanceTo(circle, { x: 80, y: 90 }, scale)).toBeLessThan(0.1);
});

test('of two handles in reach the nearer one is taken, and none beyond it', () => {
  expect(handleAt(box, { x: 11, y: 10 }, scale, 8)).toBe(0);
  expect(handleAt(box, { x: 18, y: 10 }, scale, 8)).toBe(1);
  expect(handleAt(box, { x: 20, y: 15 }, scale, 4)).toBeNull();
});
