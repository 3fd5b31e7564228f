import { expect, test } from 'vitest';

import { patient, series, study } from '../../testing/server';
import { Catalog } from '../list/catalog';
import { patientLines, sliceLines } from './cornerText';
import type { Stack } from './seriesContent';

function location(normal: readonly number[], position: readonly number[]): string[] {
  const stack = {
    row: { geometry: { normal, slice_thickness_mm: null } },
    planeOf: () => ({ position }),
  } as unknown as Stack;
  return sliceLines(stack, { file: 0, frame_index: 0 });
}

test('an axial slice lies at its z, also where its rows run from left to right', () => {
  expect(location([0, 0, 1], [5, 6, -149])).toEqual(['Location -149 mm']);
  expect(location([0, 0, -1], [5, 6, -149])).toEqual(['Location -149 mm']);
});

test('a sagittal slice lies at its x, and a tilted one along its normal', () => {
  expect(location([-1, 0, 0], [5, 6, 7])).toEqual(['Location 5 mm']);
  expect(location([0, 0.6, 0.8], [0, 10, 10])).toEqual(['Location 14 mm']);
});

function names(patient_id: string, patient_name: string): string[] {
  const catalog = new Catalog();
  const steps = catalog.take({
    patients: [patient(0, { patient_id, patient_name })],
    studies: [study(0)],
    series: [series(0)],
  });
  while (steps.next().done !== true);
  const node = catalog.series(0);
  if (node === undefined) throw new Error('there is no series');
  return patientLines(node, { isBrief: true });
}

test('a patient is called by name and number, by one where both are the same', () => {
  expect(names('P1', 'DOE^JANE')).toEqual(['DOE, JANE', 'P1']);
  expect(names('CASE-310', 'CASE-310')).toEqual(['CASE-310']);
});
