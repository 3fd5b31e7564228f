import { describe, expect, test } from 'vitest';

import {
  angleBetween_deg,
  centerOf,
  crossing,
  distanceFrom_mm,
  imagePointOf,
  normalOf,
  type PlaneImage,
  type Segment,
} from './plane';

/** 100 columns of 2 mm by 50 rows of 4 mm: x from -100 to 100, y from -100 to 100, at z = 30. */
const axial: PlaneImage = {
  position: [-99, -98, 30],
  orientation: [1, 0, 0, 0, 1, 0],
  row_spacing_mm: 4,
  column_spacing_mm: 2,
  rows: 50,
  columns: 100,
};

/** 1 mm pixels: x from -50 to 50, z from 80 down to -20, at y = 20. */
const coronal: PlaneImage = {
  position: [-49.5, 20, 79.5],
  orientation: [1, 0, 0, 0, 0, -1],
  row_spacing_mm: 1,
  column_spacing_mm: 1,
  rows: 100,
  columns: 100,
};

/** Ends from left to right, or from top to bottom, and free of binary dust. */
function ends(segment: Segment | null): number[][] | null {
  if (segment === null) return null;
  const points = [segment.from, segment.to].map(({ x, y }) =>
    [x, y].map((value) => Math.round(value * 1e6) / 1e6 + 0),
  );
  return points.sort(([ax = 0, ay = 0], [bx = 0, by = 0]) => ax - bx || ay - by);
}

describe('where planes cross', () => {
  test('an axial plane is a row of the coronal image, as long as both are', () => {
    // z = 30 is 50 mm below the upper edge at z = 80; x from -50 to 50 is all of it.
    expect(ends(crossing(coronal, axial))).toEqual([
      [0, 50],
      [100, 50],
    ]);
  });

  test('a coronal plane is a row of the axial image, no longer than the coronal image', () => {
    // y = 20 is 120 mm from the edge at -100, 30 rows of 4 mm; x = -50 is column 25, x = 50 column 75.
    expect(ends(crossing(axial, coronal))).toEqual([
      [25, 30],
      [75, 30],
    ]);
  });

  test('a sagittal plane is a column of both', () => {
    // x = 10; y from -60 to 40, z from 80 down to -20.
    const sagittal = { ...coronal, position: [10, -59.5, 79.5], orientation: [0, 1, 0, 0, 0, -1] };
    expect(ends(crossing(coronal, sagittal))).toEqual([
      [60, 0],
      [60, 100],
    ]);
    expect(ends(crossing(axial, sagittal))).toEqual([
      [55, 10],
      [55, 35],
    ]);
  });

  test('a tilted plane crosses at an angle', () => {
    // Through (0, 0, 30), its normal halfway between the x axis and the z axis: z = 30 - x.
    const half = Math.SQRT1_2;
    const tilted = {
      ...axial,
      position: [-99 * half, -98, 30 + 99 * half],
      orientation: [half, 0, -half, 0, 1, 0],
    };
    // At x = -50 z is 80, the upper edge; at x = 50 it is -20, the lower one.
    expect(ends(crossing(coronal, tilted))).toEqual([
      [0, 0],
      [100, 100],
    ]);
  });

  test('planes that meet beside the image do not cross it', () => {
    expect(crossing(coronal, { ...axial, position: [-99, -98, 90] })).toBeNull();
    expect(crossing(axial, { ...coronal, position: [200, 20, 79.5] })).toBeNull();
  });

  test('parallel planes never cross, nor does a plane without directions', () => {
    expect(crossing(axial, { ...axial, position: [-99, -98, 40] })).toBeNull();
    expect(crossing(axial, axial)).toBeNull();
    expect(crossing(axial, { ...coronal, orientation: [1, 0, 0, 1, 0, 0] })).toBeNull();
    expect(crossing(axial, { ...coronal, position: [] })).toBeNull();
  });
});

test('the normal of an axial plane points to the head', () => {
  expect(normalOf(axial)).toEqual([0, 0, 1]);
  expect(normalOf({ orientation: [] })).toBeNull();
});

test('the angle between planes does not ask which way they look', () => {
  const [c, s] = [Math.cos(Math.PI / 6), Math.sin(Math.PI / 6)];
  expect(angleBetween_deg(axial, coronal)).toBeCloseTo(90, 9);
  expect(angleBetween_deg(axial, { ...axial, orientation: [1, 0, 0, 0, -c, s] })).toBeCloseTo(
    30,
    9,
  );
  expect(angleBetween_deg(axial, { ...axial, orientation: [] })).toBeNaN();
});

test('the middle of an image and its distance from another plane', () => {
  expect(centerOf(axial)).toEqual([0, 0, 30]);
  expect(centerOf(coronal)).toEqual([0, 20, 30]);
  expect(distanceFrom_mm(axial, [12, 34, 22.5])).toBe(7.5);
});

test('a patient point is found in the image straight below it', () => {
  expect(imagePointOf(axial, [-50, 20, 99])).toEqual({ x: 25, y: 30 });
  expect(imagePointOf({ ...axial, position: [] }, [0, 0, 0])).toBeNull();
});
