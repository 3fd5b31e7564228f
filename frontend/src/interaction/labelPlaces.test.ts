import { expect, test } from 'vitest';

import { placeLabels, type LabelRequest } from './labelPlaces';

const viewport = { width: 400, height: 300 };
const size = { width: 80, height: 20 };

function label(left: number, top: number, right: number, bottom: number): LabelRequest {
  return { size, shape: { left, top, right, bottom }, place: null };
}

test('a label stands to the right of its shape, at half its height', () => {
  expect(placeLabels([label(100, 100, 150, 160)], viewport)).toEqual([{ x: 160, y: 120 }]);
});

test('at the right edge it goes below', () => {
  expect(placeLabels([label(300, 100, 380, 160)], viewport)).toEqual([{ x: 300, y: 170 }]);
});

test('a second label on the same shape takes another place', () => {
  const [first, second] = placeLabels(
    [label(100, 100, 150, 160), label(100, 100, 150, 160)],
    viewport,
  );
  expect(first).toEqual({ x: 160, y: 120 });
  // Lower down at the same side.
  expect(second).toEqual({ x: 160, y: 140 });
});

test('a label that a hand has put somewhere stays there, and others keep away', () => {
  const placed = { ...label(0, 0, 10, 10), place: { x: 150, y: 110 } };
  const [other, hand] = placeLabels([label(100, 100, 150, 160), placed], viewport);
  expect(hand).toEqual({ x: 150, y: 110 });
  expect(other).toEqual({ x: 160, y: 140 });
});

test('a shape that fills the viewport has its label inside', () => {
  expect(placeLabels([label(-50, -50, 450, 350)], viewport)).toEqual([{ x: 316, y: 140 }]);
});

test('a label keeps off other shapes where there is room elsewhere', () => {
  const neighbour = label(155, 90, 260, 170);
  const [first] = placeLabels([label(100, 100, 150, 160), neighbour], viewport);
  // Right of it lies the neighbour; below, in the middle, is free.
  expect(first).toEqual({ x: 85, y: 170 });
});
