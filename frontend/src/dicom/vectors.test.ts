/** The golden numbers that the Python suite runs too. */
import { describe, expect, test } from 'vitest';

import displayLut from '../../../fixtures/vectors/display_lut.json';
import linear from '../../../fixtures/vectors/linear.json';
import linearExact from '../../../fixtures/vectors/linear_exact.json';
import percentile from '../../../fixtures/vectors/percentile.json';
import regionPixels from '../../../fixtures/vectors/region_pixels.json';
import rescale from '../../../fixtures/vectors/rescale.json';
import sigmoid from '../../../fixtures/vectors/sigmoid.json';
import voiLut from '../../../fixtures/vectors/voi_lut.json';
import { buildDisplayLut, computeDisplay } from './displayLut';
import { modalityFunction } from './modality';
import { percentileWindow } from './percentiles';
import type { LookupTable, Modality, Voi, VoiFunction } from './recipe';
import { eachSpan } from './shapeSpans';
import type { ShapeKind } from './shapes';
import { voiFunction } from './voi';

/** A JSON import widens literals such as a `kind`; the vectors' README promises the shape. */
type Loose<Shape> = { [Key in keyof Shape]?: unknown };
const modalityOf = (step: Loose<Modality>) => step as Modality;
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
    const shape = {
      kind: kind as ShapeKind,
      points: points.map(([x, y]) => ({ x: x as number, y: y as number })),
    };
    const cells = pixels.map((row) => Array.from(row, () => '.'));
    const image = { rows: pixels.length, columns: pixels[0]?.length ?? 0 };
    eachSpan(shape, image, (row, first, end) => cells[row]?.fill('#', first, end));
    expect(cells.map((cell) => cell.join(''))).toEqual(pixels);
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
