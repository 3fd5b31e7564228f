import { expect, test } from 'vitest';

import { patientPoint } from './patientPoint';

const axial = {
  position: [-100, -120, 35],
  orientation: [1, 0, 0, 0, 1, 0],
  row_spacing_mm: 2,
  column_spacing_mm: 0.5,
};

test('the middle of the first pixel is the image position', () => {
  expect(patientPoint(axial, { x: 0.5, y: 0.5 })).toEqual([-100, -120, 35]);
});

test('columns go along the rows and rows along the columns, each with its own spacing', () => {
  expect(patientPoint(axial, { x: 10.5, y: 3.5 })).toEqual([-95, -114, 35]);
});

test('a sagittal plane goes back along its rows and down along its columns', () => {
  const sagittal = { ...axial, orientation: [0, 1, 0, 0, 0, -1] };
  expect(patientPoint(sagittal, { x: 10.5, y: 3.5 })).toEqual([-100, -115, 29]);
});

test('a frame without a position has no place', () => {
  expect(patientPoint({ ...axial, position: [] }, { x: 0, y: 0 })).toBeNull();
});
