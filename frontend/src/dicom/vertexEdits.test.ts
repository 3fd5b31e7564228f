import { expect, test } from 'vitest';

import type { Shape } from './shapes';
import { bendOutline, insertPoint, longEdges, nearestEdge, removePoint } from './vertexEdits';

const IMAGE = { width: 100, height: 100 };
const EVEN = { x: 1, y: 1 };

const TRIANGLE: Shape = {
  kind: 'polygon',
  points: [
    { x: 0, y: 0 },
    { x: 40, y: 0 },
    { x: 0, y: 30 },
  ],
};
const LINE: Shape = { ...TRIANGLE, kind: 'polyline' };

test('an outline has an edge more than a line of the same points', () => {
  expect(longEdges(LINE, EVEN, 0).map(({ edge }) => edge)).toEqual([0, 1]);
  expect(longEdges(TRIANGLE, EVEN, 0).map(({ middle }) => middle)).toEqual([
    { x: 20, y: 0 },
    { x: 20, y: 15 },
    { x: 0, y: 15 },
  ]);
});

test('edges that are short on the screen have no middle to take', () => {
  expect(longEdges(TRIANGLE, EVEN, 35).map(({ edge }) => edge)).toEqual([0, 1]);
  // Rows of half the height.
  expect(longEdges(TRIANGLE, { x: 1, y: 0.5 }, 20).map(({ edge }) => edge)).toEqual([0, 1]);
});

test('a shape with a box or a fixed count of points has no edges to take', () => {
  for (const kind of ['rectangle', 'freehand', 'length'] as const) {
    expect(longEdges({ ...TRIANGLE, kind }, EVEN, 0)).toEqual([]);
  }
});

test('a point on the closing edge comes last', () => {
  const edge = nearestEdge(TRIANGLE, { x: 1, y: 12 }, EVEN);
  expect(edge).toBe(2);
  expect(insertPoint(TRIANGLE, edge, { x: -5, y: 12 }, IMAGE).points).toEqual([
    ...TRIANGLE.points,
    { x: 0, y: 12 },
  ]);
});

test('points go as long as the shape needs them not', () => {
  expect(removePoint(TRIANGLE, 1)).toBeNull();
  expect(removePoint(LINE, 1)?.points).toEqual([
    { x: 0, y: 0 },
    { x: 0, y: 30 },
  ]);
  expect(removePoint({ kind: 'polyline', points: LINE.points.slice(1) }, 0)).toBeNull();
  expect(removePoint({ ...TRIANGLE, kind: 'angle' }, 0)).toBeNull();
});

test('a pulled outline follows less and less to both sides, over its end too', () => {
  const points = [0, 10, 20, 30, 40, 50].map((x) => ({ x, y: 50 }));
  const bent = bendOutline(
    { kind: 'freehand', points },
    { x: 1, y: 49 },
    { x: 1, y: 59 },
    { scale: EVEN, image: IMAGE, reach: 20 },
  );
  // (1 - (10 / 20)^2)^2 of ten; the closing piece is 50 long, beyond reach.
  expect(bent.points.map(({ y }) => y)).toEqual([60, 55.625, 50, 50, 50, 50]);
  const ring = bendOutline(
    { kind: 'freehand', points: [{ x: 20, y: 60 }, ...points.slice(1, 3), { x: 30, y: 60 }] },
    { x: 20, y: 60 },
    { x: 20, y: 70 },
    { scale: EVEN, image: IMAGE, reach: 20 },
  );
  expect(ring.points[3]?.y).toBeCloseTo(60 + 5.625);
});
