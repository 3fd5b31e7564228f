import { describe, expect, test } from 'vitest';

import {
  angleText,
  areaText,
  lengthText,
  rulerFor,
  type PhysicalSpacing,
  type SpacingFacts,
} from './spacing';

const square = { vertical: 1, horizontal: 1 };
const points = [
  { x: 10, y: 10 },
  { x: 20, y: 30 },
];

function facts(plane: PhysicalSpacing['plane'], rest: Partial<PhysicalSpacing> = {}): SpacingFacts {
  return {
    spacing: { row_mm: 0.8, column_mm: 0.5, plane, element: 'PixelSpacing', note: '', ...rest },
    regions: [],
    pixel_aspect: square,
  };
}

test('the first value of Pixel Spacing is down, the second across', () => {
  const ruler = rulerFor(facts('patient'), points);
  expect(ruler).toMatchObject({ unit: 'mm', scale: { x: 0.5, y: 0.8 }, place: '' });
  expect(lengthText(34.21, ruler)).toBe('34.2 mm');
  expect(areaText(412.04, ruler)).toBe('412.0 mm²');
});

test('what is measured at the detector says so', () => {
  const ruler = rulerFor(facts('detector', { element: 'ImagerPixelSpacing' }), points);
  expect(lengthText(12.345, ruler)).toBe('12.3 mm at the detector');
  expect(ruler.reason).toContain('ImagerPixelSpacing');
  expect(ruler.reason).toContain('magnified');
});

test('a spacing whose plane is unknown gives pixels, and says why', () => {
  const ruler = rulerFor(facts('unknown', { note: 'secondary capture' }), points);
  expect(ruler).toMatchObject({ unit: 'px', scale: { x: 1, y: 1 } });
  expect(ruler.reason).toContain('secondary capture');
  expect(lengthText(128, ruler)).toBe('128 px');
});

test.each([0, -1, NaN, Infinity])('a spacing of %s is not used', (row_mm) => {
  expect(rulerFor(facts('patient', { row_mm }), points).unit).toBe('px');
});

test('pixels that are not square are measured by their width', () => {
  const ruler = rulerFor(
    { spacing: null, regions: [], pixel_aspect: { vertical: 3, horizontal: 2 } },
    points,
  );
  expect(ruler).toMatchObject({ unit: 'px', scale: { x: 1, y: 1.5 } });
  expect(ruler.reason).toContain('widths of a pixel');
});

describe('ultrasound', () => {
  const region = { left: 0, top: 0, right: 100, bottom: 100, x_mm: 0.1, y_mm: 0.2 };
  const time = { left: 0, top: 100, right: 100, bottom: 200, x_mm: null, y_mm: 0.2 };
  const ultrasound: SpacingFacts = { ...facts('patient'), regions: [region, time] };

  test('a shape within a region is measured by that region', () => {
    expect(rulerFor(ultrasound, points)).toMatchObject({ unit: 'mm', scale: { x: 0.1, y: 0.2 } });
  });

  test('a shape across the border of regions is measured in pixels, whatever else the file says', () => {
    const across = rulerFor(ultrasound, [...points, { x: 20, y: 120 }]);
    expect(across.unit).toBe('px');
    expect(across.reason).toContain('within one calibrated region');
  });

  test('a region with an axis of time gives no millimetres', () => {
    expect(rulerFor(ultrasound, [{ x: 5, y: 150 }]).unit).toBe('px');
  });
});

test('numbers have as many digits as a hand can point at', () => {
  const ruler = rulerFor(facts('patient'), points);
  expect(lengthText(9.876, ruler)).toBe('9.88 mm');
  expect(areaText(12345.6, ruler)).toBe('12346 mm²');
  expect(angleText(37.449)).toBe('37.4°');
});
