/** The golden numbers that the Python suite runs too. */
import { describe, expect, test } from 'vitest';

import displayLut from '../../../fixtures/vectors/display_lut.json';
import linear from '../../../fixtures/vectors/linear.json';
import linearExact from '../../../fixtures/vectors/linear_exact.json';
import percentile from '../../../fixtures/vectors/percentile.json';
import regionPixels from '../../../fixtures/vectors/region_pixels.json';
import regionStatisticsCases from '../../../fixtures/vectors/region_statistics.json';
import rescale from '../../../fixtures/vectors/rescale.json';
import shapeMeasures from '../../../fixtures/vectors/shape_measures.json';
import sigmoid from '../../../fixtures/vectors/sigmoid.json';
import voiLut from '../../../fixtures/vectors/voi_lut.json';
import { buildDisplayLut, computeDisplay } from './displayLut';
import { modalityFunction } from './modality';
import { percentileWindow } from './percentiles';
import type { LookupTable, Modality, Voi, VoiFunction } from './recipe';
import { regionStatistics } from './regionStatistics';
import { angleDeg, cobbAngleDeg, shapeArea, shapeLength } from './shapeMeasures';
import { eachSpan } from './shapeSpans';
import { isRegion, type Shape, type ShapeKind } from './shapes';
import { voiFunction } from './voi';

/** A JSON import widens literals such as a `kind`; the vectors' README promises the shape. */
type Loose<Shape> = { [Key in keyof Shape]?: unknown };
const modalityOf = (step: Loose<Modality>) => step as Modality;
const shapeOf = (kind: string, points: number[][]): Shape => ({
  kind: kind as ShapeKind,
  points: points.map(([x, y]) => ({ x: x as number, y: y as number })),
});
const SAMPLES = {
  uint8: Uint8Array,
  int16: Int16Array,
  uint16: Uint16Array,
  uint32: Uint32Array,
};
const voiOf = (step: Loose<Voi>) => step as Voi;

describe.each<[VoiFunction, typeof linear]>([
  ['LINEAR', linear],
  ['LINEAR_EXACT', linearExact],
  ['SIGMOID', sigmoid],
])('%s', (name, vectors) => {
  test.each(vectors.cases)('$name', ({ values, window, output_max, display }) => {
    const voi: Voi = { kind: 'window', ...window, function: name, explanation: '' };
    expect(values.map(voiFunction(voi, output_max))).toEqual(display);
  });
});

describe('VOI LUT', () => {
  test.each(voiLut.cases)('$name', ({ values, lut, display }) => {
    expect(values.map(voiFunction(voiOf(lut) as LookupTable))).toEqual(display);
  });
});

describe('modality', () => {
  test.each(rescale.cases)('$name', ({ stored, modality, expected }) => {
    expect(stored.map(modalityFunction(modalityOf(modality)))).toEqual(expected);
  });
});

describe('percentile window', () => {
  test.each(percentile.cases)('$name', ({ stored, modality, padding, percentile_window }) => {
    for (const samples of [Int16Array.from(stored), Float64Array.from(stored)]) {
      const { center, width } = percentileWindow(samples, modalityOf(modality), padding);
      expect(center).toBeCloseTo(percentile_window.center, 10);
      expect(width).toBeCloseTo(percentile_window.width, 10);
    }
  });
});

describe('pixels of a region', () => {
  test.each(regionPixels.cases)('$name', ({ kind, points, pixels }) => {
    const shape = shapeOf(kind, points);
    const cells = pixels.map((row) => Array.from(row, () => '.'));
    const image = { rows: pixels.length, columns: pixels[0]?.length ?? 0 };
    eachSpan(shape, image, (row, first, end) => cells[row]?.fill('#', first, end));
    expect(cells.map((cell) => cell.join(''))).toEqual(pixels);
  });
});

describe('figures of a region', () => {
  test.each(regionStatisticsCases.cases)('$name', (given) => {
    const { columns, samples_per_pixel, modality, padding, pixel_count } = given;
    const samples = SAMPLES[given.dtype as keyof typeof SAMPLES].from(given.stored);
    const frame = {
      samples,
      columns,
      rows: samples.length / columns / samples_per_pixel,
      samples_per_pixel,
      bits_stored: 16,
      photometric_interpretation: samples_per_pixel === 1 ? 'MONOCHROME2' : 'RGB',
      truncated: false,
    };
    const recipe = { modality: modalityOf(modality), padding };
    const found = regionStatistics(frame, recipe, shapeOf(given.kind, given.points));
    expect([found.pixelCount, found.excludedCount]).toEqual([pixel_count, given.excluded_count]);
    expect(found.components).toHaveLength(given.components.length);
    found.components.forEach((component, index) => {
      for (const [name, value] of Object.entries(given.components[index] ?? {})) {
        expect(component[name as keyof typeof component]).toBeCloseTo(value, 10);
      }
    });
  });
});

describe('length, area and angle of a shape', () => {
  test.each(shapeMeasures.cases)('$name', ({ kind, points, scale, length, area, angle_deg }) => {
    const shape = shapeOf(kind, points);
    if (length !== null) expect(shapeLength(shape, scale)).toBeCloseTo(length, 10);
    if (isRegion(shape)) {
      const found = shapeArea(shape, scale);
      if (area === null) expect(found).toBeNull();
      else expect(found).toBeCloseTo(area, 10);
    }
    if (angle_deg !== null) {
      const angle = kind === 'cobb' ? cobbAngleDeg(shape, scale) : angleDeg(shape, scale);
      expect(angle).toBeCloseTo(angle_deg, 10);
    }
  });
});

describe('display table', () => {
  test.each(displayLut.cases)('$name', ({ layout, modality, voi, inverted, display }) => {
    const isSigned = layout.pixel_representation === 1;
    const lowest = isSigned ? -(2 ** (layout.bits_stored - 1)) : 0;
    const stored = display.map((_, position) => lowest + position);
    const steps = { modality: modalityOf(modality), voi: voiOf(voi), inverted };

    const table = buildDisplayLut(steps, { isSigned });
    expect(stored.map((value) => table[value & 0xffff])).toEqual(display);
    expect(Array.from(computeDisplay(Float32Array.from(stored), steps))).toEqual(display);
  });
});
