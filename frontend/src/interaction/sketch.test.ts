import { describe, expect, test } from 'vitest';

import type { ShapeKind } from '../dicom/shapes';
import { Sketch, type Pen } from './sketch';

/** One image pixel is 10 CSS pixels: a hand that shakes by 0.3 pixels still clicks. */
function pen(x: number, y: number, keys: Partial<Pen> = {}): Pen {
  return {
    at: { x, y },
    scale: { x: 10, y: 10 },
    image: { width: 100, height: 100 },
    isEven: false,
    isFromCenter: false,
    ...keys,
  };
}

function click(sketch: Sketch, x: number, y: number): void {
  sketch.move(pen(x, y));
  sketch.press(pen(x, y));
  sketch.release(pen(x, y));
}

function begin(kind: ShapeKind, x: number, y: number): Sketch {
  const sketch = new Sketch(kind, pen(x, y));
  sketch.release(pen(x, y));
  return sketch;
}

function dragged(kind: ShapeKind, from: [number, number], to: [number, number]): Sketch {
  const sketch = new Sketch(kind, pen(...from));
  sketch.move(pen(...to));
  sketch.release(pen(...to));
  return sketch;
}

const points = (sketch: Sketch) => sketch.shape.points.map(({ x, y }) => [x, y]);

test.each(['length', 'rectangle', 'ellipse'] as const)(
  'a %s is dragged, or made with two clicks',
  (kind) => {
    const byDrag = dragged(kind, [10, 10], [30, 25]);
    expect(byDrag.isDone).toBe(true);
    expect(points(byDrag)).toEqual([
      [10, 10],
      [30, 25],
    ]);
    const byClicks = begin(kind, 10, 10);
    expect(byClicks.isDone).toBe(false);
    byClicks.move(pen(20, 20));
    expect(points(byClicks)[1]).toEqual([20, 20]);
    click(byClicks, 30, 25);
    expect(byClicks.isDone).toBe(true);
    expect(points(byClicks)).toEqual(points(byDrag));
  },
);

test('a point is there at once', () => {
  const sketch = new Sketch('point', pen(7, 8));
  expect(sketch.isDone).toBe(true);
  expect(points(sketch)).toEqual([[7, 8]]);
});

test('an angle is an arm that is dragged and a click', () => {
  const sketch = dragged('angle', [10, 10], [20, 10]);
  expect(sketch.isDone).toBe(false);
  sketch.move(pen(20, 30));
  expect(points(sketch)).toEqual([
    [10, 10],
    [20, 10],
    [20, 30],
  ]);
  click(sketch, 25, 30);
  expect(sketch.isDone).toBe(true);
  expect(points(sketch)[2]).toEqual([25, 30]);
});

test('a Cobb angle is two lines, dragged one after the other', () => {
  const sketch = dragged('cobb', [10, 10], [40, 12]);
  sketch.move(pen(10, 60));
  sketch.press(pen(10, 60));
  sketch.move(pen(40, 50));
  sketch.release(pen(40, 50));
  expect(sketch.isDone).toBe(true);
  expect(points(sketch)).toEqual([
    [10, 10],
    [40, 12],
    [10, 60],
    [40, 50],
  ]);
});

describe('a polygon', () => {
  function threeCorners(): Sketch {
    const sketch = begin('polygon', 10, 10);
    click(sketch, 30, 10);
    click(sketch, 30, 40);
    return sketch;
  }

  test.each([
    ['the first corner', 10.5, 10.2],
    ['the last corner again', 30, 40],
  ])('ends with a click on %s, which adds no point', (_, x, y) => {
    const sketch = threeCorners();
    click(sketch, x, y);
    expect(sketch.isDone).toBe(true);
    expect(points(sketch)).toHaveLength(3);
  });

  test('does not end before it has three corners', () => {
    const sketch = begin('polygon', 10, 10);
    sketch.finish();
    expect(sketch.isDone).toBe(false);
  });

  test('ends where asked, without the point that follows the pointer', () => {
    const sketch = threeCorners();
    sketch.move(pen(80, 80));
    sketch.finish();
    expect(points(sketch)).toEqual([
      [10, 10],
      [30, 10],
      [30, 40],
    ]);
  });

  test('gives back its points one by one', () => {
    const sketch = threeCorners();
    sketch.move(pen(50, 50));
    expect(sketch.takeBack()).toBe(true);
    expect(points(sketch)).toEqual([
      [10, 10],
      [30, 10],
      [50, 50],
    ]);
    expect([sketch.takeBack(), sketch.takeBack()]).toEqual([true, false]);
  });
});

test('a drawn line keeps a point for each step of the hand, and ends with the release', () => {
  const sketch = new Sketch('freehand', pen(10, 10));
  for (const x of [10.1, 10.15, 10.5, 12, 14]) sketch.move(pen(x, 10));
  sketch.release(pen(14, 12));
  expect(sketch.isDone).toBe(true);
  expect(points(sketch)).toEqual([
    [10, 10],
    [10.5, 10],
    [12, 10],
    [14, 10],
    [14, 12],
  ]);
});

test('even lines and boxes follow the keys that are held', () => {
  const line = new Sketch('length', pen(10, 10));
  line.move(pen(30, 12, { isEven: true }));
  expect(points(line)[1]).toEqual([30, 10]);
  line.move(pen(30, 12));
  expect(points(line)[1]).toEqual([30, 12]);
  const box = new Sketch('rectangle', pen(50, 50));
  box.move(pen(60, 55, { isEven: true, isFromCenter: true }));
  expect(points(box)).toEqual([
    [40, 40],
    [60, 60],
  ]);
});

test('no point leaves the image', () => {
  const sketch = dragged('length', [10, 10], [500, -20]);
  expect(points(sketch)[1]).toEqual([100, 0]);
});
