import { expect, test } from 'vitest';

import { angleDeg, cobbAngleDeg, crossesItself, shapeArea, shapeLength } from './shapeMeasures';
import type { ShapeKind } from './shapes';

function shape(kind: ShapeKind, ...pairs: [number, number][]) {
  return { kind, points: pairs.map(([x, y]) => ({ x, y })) };
}

const even = { x: 1, y: 1 };
/** Columns 0.5 apart, rows 2 apart. */
const uneven = { x: 0.5, y: 2 };

test('a length counts columns and rows each with their own distance', () => {
  expect(shapeLength(shape('length', [0, 0], [3, 4]), even)).toBe(5);
  // 6 x 0.5 = 3 and 2 x 2 = 4.
  expect(shapeLength(shape('length', [1, 1], [7, 3]), uneven)).toBe(5);
});

test('the length of a polyline is that of its pieces, of a polygon that of its outline', () => {
  const bends: [number, number][] = [
    [0, 0],
    [4, 0],
    [4, 3],
  ];
  expect(shapeLength(shape('polyline', ...bends), even)).toBe(7);
  expect(shapeLength(shape('polygon', ...bends), even)).toBe(12);
});

test('areas follow from the formulas of school', () => {
  expect(shapeArea(shape('rectangle', [2, 3], [6, 8]), even)).toBe(20);
  expect(shapeArea(shape('rectangle', [2, 3], [6, 8]), uneven)).toBe(20);
  expect(shapeArea(shape('ellipse', [0, 0], [6, 4]), even)).toBeCloseTo(6 * Math.PI);
  expect(shapeArea(shape('polygon', [0, 0], [8, 0], [8, 6]), { x: 2, y: 1 })).toBe(48);
});

test('the outline of a circle is two pi r, and of an ellipse as tables have it', () => {
  expect(shapeLength(shape('ellipse', [0, 0], [20, 20]), even)).toBeCloseTo(20 * Math.PI, 9);
  // Half axes 10 and 5: 4 a E(e) = 48.4422 with the complete elliptic integral of the second kind.
  expect(shapeLength(shape('ellipse', [0, 0], [20, 10]), even)).toBeCloseTo(48.4422, 3);
});

test('an outline that crosses itself has no area by formula', () => {
  const bow = shape('freehand', [0, 0], [10, 10], [10, 0], [0, 10]);
  expect(crossesItself(bow.points)).toBe(true);
  expect(shapeArea(bow, even)).toBeNull();
  expect(crossesItself(shape('polygon', [0, 0], [10, 0], [5, 5], [10, 10], [0, 10]).points)).toBe(
    false,
  );
});

test('angles are those of the patient, not those of the pixels', () => {
  expect(angleDeg(shape('angle', [10, 0], [0, 0], [0, 7]), even)).toBe(90);
  expect(angleDeg(shape('angle', [10, 0], [0, 0], [-4, 0]), even)).toBe(180);
  expect(angleDeg(shape('angle', [10, 0], [0, 0], [4, 4]), even)).toBeCloseTo(45);
  // (4, 1) becomes (2, 2).
  expect(angleDeg(shape('angle', [10, 0], [0, 0], [4, 1]), uneven)).toBeCloseTo(45);
});

test('a Cobb angle does not depend on the direction of its lines', () => {
  const rising = [10, -10] as [number, number];
  expect(cobbAngleDeg(shape('cobb', [0, 0], [9, 0], [0, 0], rising), even)).toBeCloseTo(45);
  expect(cobbAngleDeg(shape('cobb', [9, 0], [0, 0], [0, 0], rising), even)).toBeCloseTo(45);
});
