import { expect, test } from 'vitest';

import type { Sides } from '../dicom/orientation';
import {
  apply,
  flipHorizontally,
  flipVertically,
  resolveCamera,
  rotateBy,
  toMatrix,
  UPRIGHT,
  WHOLE_IMAGE,
} from './camera';
import { sidesOnScreen } from './sides';

const axial: Sides = { left: 'R', right: 'L', top: 'A', bottom: 'P' };

test('a turn to the right brings the left side to the top', () => {
  expect(sidesOnScreen(axial, rotateBy(UPRIGHT, 1))).toEqual({
    top: 'R',
    right: 'A',
    bottom: 'L',
    left: 'P',
  });
});

test('flips exchange two sides and leave the others', () => {
  expect(sidesOnScreen(axial, flipHorizontally(UPRIGHT))).toEqual({
    ...axial,
    left: 'L',
    right: 'R',
  });
  expect(sidesOnScreen(axial, flipVertically(UPRIGHT))).toEqual({
    ...axial,
    top: 'P',
    bottom: 'A',
  });
});

test('in every orientation a side stands where the camera puts its middle', () => {
  const places = {
    left: { x: 0, y: 5 },
    right: { x: 10, y: 5 },
    top: { x: 5, y: 0 },
    bottom: { x: 5, y: 10 },
  };
  const turns = [0, 1, 2, 3].map((quarters) => rotateBy(UPRIGHT, quarters));
  for (const orientation of [...turns, ...turns.map(flipHorizontally)]) {
    const size = { width: 10, height: 10 };
    const matrix = toMatrix(resolveCamera({ ...WHOLE_IMAGE, orientation }, size, size));
    const sides = sidesOnScreen(axial, orientation);
    for (const [name, place] of Object.entries(places)) {
      const { x, y } = apply(matrix, place);
      const seen = x === 0 ? 'left' : x === 10 ? 'right' : y === 0 ? 'top' : 'bottom';
      expect(sides[seen]).toBe(axial[name as keyof Sides]);
    }
  }
});
