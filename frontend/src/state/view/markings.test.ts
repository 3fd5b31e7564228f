import { expect, test } from 'vitest';

import type { Recipe } from '../../api/types.gen';
import { resolveCamera, rotateBy, UPRIGHT, WHOLE_IMAGE } from '../../interaction/camera';
import { geometry, recipe, stack } from '../../testing/server';
import { screenScale, screenSides } from './markings';
import { Stack } from './seriesContent';

const SPACING: Recipe['spacing'] = {
  row_mm: 2,
  column_mm: 0.5,
  plane: 'patient',
  element: '',
  note: '',
};

/** 100 x 100 pixels, four times as high as wide, two CSS pixels a column. */
function scaleOf(change: Partial<Recipe>, quarterTurns = 0) {
  const view = { ...WHOLE_IMAGE, zoom: 2, orientation: rotateBy(UPRIGHT, quarterTurns) };
  const image = { width: 100, height: 100 };
  const camera = resolveCamera(view, image, { width: 800, height: 800 }, 4);
  return screenScale(recipe(change), camera);
}

test('the scale is along the columns, and along the rows of an image on its side', () => {
  // Two CSS pixels are 0.5 mm; 160 of them would be 40 mm.
  expect(scaleOf({ spacing: SPACING })).toMatchObject({ text: '2 cm', length_css_px: 80 });
  // Eight CSS pixels are 2 mm: the same, as pixels are drawn in their shape.
  expect(scaleOf({ spacing: SPACING }, 1)).toMatchObject({ text: '2 cm', length_css_px: 80 });
});

test('millimetres that are not those of the patient are said to be none', () => {
  expect(scaleOf({ spacing: SPACING })?.note).toBe('');
  expect(scaleOf({ spacing: { ...SPACING, plane: 'detector' } })?.note).toBe('at the detector');
});

test('without a spacing there is no scale, but for one tomographic ultrasound region', () => {
  expect(scaleOf({ spacing: null })).toBeNull();
  const region: Recipe['regions'][number] = {
    left: 0,
    top: 0,
    right: 100,
    bottom: 100,
    kind: '2d',
    x_mm: 0.5,
    y_mm: 2,
    unit_x: 'cm',
    unit_y: 'cm',
    delta_x: 0.05,
    delta_y: 0.2,
  };
  expect(scaleOf({ spacing: null, regions: [region] })?.text).toBe('2 cm');
  expect(scaleOf({ spacing: null, regions: [region, region] })).toBeNull();
  // Regions go before a spacing, for the bar as for what is measured.
  expect(scaleOf({ spacing: SPACING, regions: [{ ...region, x_mm: 0.05 }] })?.text).toBe('2 mm');
  expect(scaleOf({ spacing: SPACING, regions: [region, region] })).toBeNull();
});

test('the plane goes before the letters of the file', () => {
  const axial = new Stack(stack([{ file: 0, frame_index: 0 }], { geometry: geometry() }), 0, '');
  const letters = { patient_orientation: ['A', 'F'] };
  expect(screenSides(axial, letters, UPRIGHT)).toMatchObject({ left: 'R', top: 'A' });
  expect(screenSides(null, letters, UPRIGHT)).toMatchObject({ left: 'P', top: 'H' });
  expect(screenSides(null, { patient_orientation: [] }, UPRIGHT)).toBeNull();
});
