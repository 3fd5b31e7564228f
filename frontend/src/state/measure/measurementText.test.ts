import { expect, test } from 'vitest';

import { bareRoi } from '../../dicom/roi';
import type { Shape } from '../../dicom/shapes';
import type { StoredFrame } from '../../dicom/storedFrame';
import { recipe } from '../../testing/server';
import { measure, resultLines, resultRows, Results } from './measurementResult';
import { measurementsCsv, measurementsText, type Measured } from './measurementText';

const grey: StoredFrame = {
  samples: Uint16Array.from({ length: 12 }, (_, value) => value * 10),
  rows: 3,
  columns: 4,
  samples_per_pixel: 1,
  bits_stored: 16,
  photometric_interpretation: 'MONOCHROME2',
  truncated: false,
};

const spaced = {
  ...recipe(),
  modality: { kind: 'rescale' as const, slope: 1, intercept: -100 },
  unit: 'HU',
  padding: null,
  spacing: { row_mm: 2, column_mm: 0.5, plane: 'patient' as const, element: 'Spacing', note: '' },
};

const box: Shape = {
  kind: 'rectangle',
  points: [
    { x: 0, y: 0 },
    { x: 2, y: 2 },
  ],
};

function measured(
  shape: Shape,
  frame = { stored: grey, recipe: spaced },
  path = 'a.dcm',
): Measured {
  const ref = { file: 0, frame_index: 4 };
  const roi = { ...bareRoi(shape, [ref.frame_index]), id: '3' };
  return { roi, ref, path, result: measure(shape, frame) };
}

/** Cells of a row by the names of their columns; for cells without commas. */
function cells(csv: string, row = 1): Record<string, string> {
  const [names = [], ...rows] = csv.split('\r\n').map((line) => line.split(','));
  return Object.fromEntries(names.map((name, index) => [name, rows[row - 1]?.[index] ?? '']));
}

test('a region says its figures in modality values and its area in square millimetres', () => {
  // Stored 0, 10, 40, 50; modality values -100, -90, -60, -50.
  expect(resultLines(box, measure(box, { stored: grey, recipe: spaced }))).toEqual([
    'Mean -75 HU',
    'SD 20.616 HU',
    'Min -100, max -50 HU',
    '4 mm²',
  ]);
});

test('the lists tell where distances come from and what was left out', () => {
  const padded = { ...spaced, padding: { low: 0, high: 0 } };
  const rows = resultRows(box, measure(box, { stored: grey, recipe: padded }));
  expect(rows).toContainEqual({ name: 'Pixels', value: '3, 1 without a value' });
  expect(rows).toContainEqual({ name: 'Outline', value: '10 mm' });
  expect(rows).toContainEqual({ name: 'Distances', value: 'Spacing' });
});

test('a row of the table has each figure in its column, with dots and all digits', () => {
  const row = cells(measurementsCsv([measured(box)]));
  expect(row).toMatchObject({
    file: 'a.dcm',
    frame_number: '5',
    kind: 'rectangle',
    points: '0 0; 2 2',
    area: '4',
    distance_unit: 'mm',
    distance_plane: 'patient',
    mean: '-75',
    sd_population: String(Math.sqrt(425)),
    min: '-100',
    max: '-50',
    median: '-75',
    sum: '-300',
    value_unit: 'HU',
    pixel_count: '4',
    excluded_pixel_count: '0',
    angle_deg: '',
  });
});

test('colour has a row a component', () => {
  const colour: StoredFrame = {
    ...grey,
    samples: new Uint8Array([1, 2, 3, 3, 4, 5]),
    rows: 1,
    columns: 2,
    samples_per_pixel: 3,
    photometric_interpretation: 'RGB',
  };
  const whole: Shape = { ...box, points: [box.points[0]!, { x: 2, y: 1 }] };
  const one = measured(whole, { stored: colour, recipe: spaced });
  const csv = measurementsCsv([one]);
  expect([1, 2, 3].map((row) => [cells(csv, row).component, cells(csv, row).mean])).toEqual([
    ['R', '2'],
    ['G', '3'],
    ['B', '4'],
  ]);
  expect(resultLines(whole, one.result!)[0]).toBe('Mean R 2  G 3  B 4');
});

test('indices into a palette are not averaged', () => {
  const palette = { ...grey, photometric_interpretation: 'PALETTE COLOR' };
  expect(resultLines(box, measure(box, { stored: palette, recipe: spaced }))).toEqual(['4 mm²']);
});

test('commas and quotes are quoted, and text from a file is no formula', () => {
  const evil = { ...spaced, unit: '=1+1' };
  const csv = measurementsCsv([measured(box, { stored: grey, recipe: evil }, 'x "y", z.dcm')]);
  expect(csv).toContain('"x ""y"", z.dcm",5,');
  expect(csv).toContain(",'=1+1,");
});

test('a point has a value, a length and an angle have theirs', () => {
  const point = measured({ kind: 'point', points: [{ x: 1.5, y: 2.5 }] });
  expect(cells(measurementsCsv([point])).value).toBe('-10');
  const length = measured({ kind: 'length', points: box.points });
  // 2 x 0.5 and 2 x 2.
  expect(cells(measurementsCsv([length])).length).toBe(String(Math.sqrt(17)));
  expect(measurementsText([length])).toBe(
    'Length\ta.dcm\tframe 5\nLength\t4.12 mm\nDistances\tSpacing',
  );
});

test('of PET the standardized uptake is said too, and stands in the table', () => {
  const suv = {
    factor: 0.01,
    kind: 'SUVbw' as const,
    unit: 'g/ml',
    decay_reference: 'START',
    elements: [],
  };
  const activity = { kind: 'rescale' as const, slope: 10, intercept: 0 };
  const pet = { ...spaced, modality: activity, unit: 'BQML', suv };
  const one = measured(box, { stored: grey, recipe: pet });
  // 0, 100, 400 and 500 Bq/ml.
  expect(resultRows(box, one.result!)).toContainEqual({ name: 'SUVbw mean', value: '2.5 g/ml' });
  expect(resultRows(box, one.result!)).toContainEqual({ name: 'SUVbw max', value: '5 g/ml' });
  const row = cells(measurementsCsv([one]));
  expect(row).toMatchObject({ suv_kind: 'SUVbw', suv_mean: '2.5', suv_max: '5', mean: '250' });
});

test('results of a shape are kept a frame, and measured anew when the frame is another one', () => {
  const results = new Results();
  const on = (frame_index: number, stored = grey) =>
    results.of(box, { ref: { file: 0, frame_index }, path: 'a.dcm', stored, recipe: spaced });
  expect(on(1)).toBe(on(1));
  on(0);
  expect(results.all(box).map(({ ref }) => ref.frame_index)).toEqual([0, 1]);
  const brighter = { ...grey, samples: grey.samples.map((value) => value + 100) };
  expect(on(1, brighter).statistics?.components[0]?.mean).toBe(25);
});
