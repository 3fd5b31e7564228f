import { describe, expect, test } from 'vitest';

import { boxFromDrag, evenDirection, handlesOf, moveHandle, moveShape, onGrid } from './shapeEdits';
import type { Shape } from './shapes';

const image = { width: 100, height: 80 };
const points = (...pairs: [number, number][]) => pairs.map(([x, y]) => ({ x, y }));
const rectangle: Shape = { kind: 'rectangle', points: points([10, 20], [30, 60]) };
const triangle: Shape = { kind: 'freehand', points: points([10, 20], [30, 20], [10, 60]) };

describe('moving a shape', () => {
  test('moves every point alike', () => {
    expect(moveShape(triangle, 5, -3, image).points).toEqual(points([15, 17], [35, 17], [15, 57]));
  });

  test('stops at the edge of the image without changing its form', () => {
    expect(moveShape(rectangle, 1000, -1000, image).points).toEqual(points([80, 0], [100, 40]));
  });
});

describe('the handles of a box', () => {
  test('stand at corners and middles of sides', () => {
    expect(handlesOf(rectangle)).toEqual(
      points([10, 20], [20, 20], [30, 20], [30, 40], [30, 60], [20, 60], [10, 60], [10, 40]),
    );
  });

  test('a corner follows the hand and the opposite one stays', () => {
    expect(moveHandle(rectangle, 4, { x: 50, y: 70 }, { image }).points).toEqual(
      points([10, 20], [50, 70]),
    );
  });

  test('a side changes one direction only', () => {
    expect(moveHandle(rectangle, 3, { x: 50, y: 5 }, { image }).points).toEqual(
      points([10, 20], [50, 60]),
    );
  });

  test('a corner over the opposite one turns the box around', () => {
    expect(moveHandle(rectangle, 0, { x: 40, y: 70 }, { image }).points).toEqual(
      points([30, 60], [40, 70]),
    );
  });

  test('about the middle both sides move', () => {
    const options = { image, isFromCenter: true };
    // The middle is (20, 40).
    expect(moveHandle(rectangle, 4, { x: 25, y: 50 }, options).points).toEqual(
      points([15, 30], [25, 50]),
    );
    expect(moveHandle(rectangle, 7, { x: 18, y: 0 }, options).points).toEqual(
      points([18, 20], [22, 60]),
    );
  });

  test('an even corner makes a square as it is seen: pixels twice as high count twice', () => {
    const options = { image, isEven: true, scale: { x: 1, y: 2 } };
    // 20 columns wide are as long as 10 rows.
    expect(moveHandle(rectangle, 4, { x: 30, y: 22 }, options).points).toEqual(
      points([10, 20], [30, 30]),
    );
  });

  test('a drawn outline is stretched with its box', () => {
    expect(moveHandle(triangle, 3, { x: 50, y: 40 }, { image }).points).toEqual(
      points([10, 20], [50, 20], [10, 60]),
    );
    // Taken over the opposite side, it is mirrored.
    expect(moveHandle(triangle, 7, { x: 50, y: 40 }, { image }).points).toEqual(
      points([50, 20], [30, 20], [50, 60]),
    );
  });

  test('no handle leaves the image', () => {
    expect(moveHandle(rectangle, 4, { x: 400, y: 400 }, { image }).points).toEqual(
      points([10, 20], [100, 80]),
    );
  });
});

describe('the points of a line', () => {
  const angle: Shape = { kind: 'angle', points: points([0, 10], [10, 10], [10, 20]) };

  test('one point moves and the others stay', () => {
    expect(moveHandle(angle, 1, { x: 12, y: 8 }, { image }).points).toEqual(
      points([0, 10], [12, 8], [10, 20]),
    );
  });

  test('an even point keeps to eighths of a turn from its neighbour', () => {
    const moved = moveHandle(angle, 2, { x: 19, y: 22 }, { image, isEven: true });
    // From (10, 10) to (19, 22): nearest is 45 degrees, of length (9 + 12) / sqrt 2.
    expect(moved.points[2]?.x).toBeCloseTo(20.5);
    expect(moved.points[2]?.y).toBeCloseTo(20.5);
  });

  test('the second line of a Cobb angle has no neighbour in the first', () => {
    const cobb: Shape = { kind: 'cobb', points: points([0, 0], [10, 0], [50, 50], [60, 50]) };
    const moved = moveHandle(cobb, 2, { x: 50, y: 49 }, { image, isEven: true });
    expect(moved.points[2]?.x).toBeCloseTo(50);
    expect(moved.points[2]?.y).toBeCloseTo(50);
  });
});

describe('a drag', () => {
  const options = { image };

  test('makes a box whichever way it goes', () => {
    expect(boxFromDrag('ellipse', { x: 30, y: 60 }, { x: 10, y: 20 }, options)).toEqual({
      kind: 'ellipse',
      points: points([10, 20], [30, 60]),
    });
  });

  test('makes a square with the longer side, on the side of the hand', () => {
    const drag = boxFromDrag(
      'rectangle',
      { x: 50, y: 50 },
      { x: 30, y: 55 },
      {
        ...options,
        isEven: true,
      },
    );
    expect(drag.points).toEqual(points([30, 50], [50, 70]));
  });

  test('may begin in the middle', () => {
    const drag = boxFromDrag(
      'rectangle',
      { x: 50, y: 40 },
      { x: 60, y: 45 },
      {
        ...options,
        isFromCenter: true,
      },
    );
    expect(drag.points).toEqual(points([40, 35], [60, 45]));
  });
});

test('directions are even on the screen, not in the image', () => {
  // Rows are twice as far apart as columns: (10, 5) looks like 45 degrees.
  const even = evenDirection({ x: 0, y: 0 }, { x: 10, y: 5 }, { x: 1, y: 2 });
  expect(even.x).toBeCloseTo(10);
  expect(even.y).toBeCloseTo(5);
});

test('what a hand means is held by single precision, and its sums are exact', () => {
  const { x, y } = onGrid({ x: 109.99999999999999, y: 1234.567 });
  expect([x, y + 0.25 - y]).toEqual([110, 0.25]);
  // 1234 + 145 / 256, at most half a step away.
  expect(y).toBe(1234.56640625);
  expect(Math.fround(y)).toBe(y);
});
