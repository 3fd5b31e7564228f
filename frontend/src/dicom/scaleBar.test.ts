import { expect, test } from 'vitest';

import { scaleBar } from './scaleBar';

test.each([
  // Half a millimetre a pixel: 100 pixels are 50 mm.
  [0.5, 100, 100, '5 cm'],
  [0.5, 99, 40, '2 cm'],
  [0.5, 39, 20, '1 cm'],
  [0.05, 100, 100, '5 mm'],
  [0.0005, 99, 40, '20 µm'],
  [3, 100, 200 / 3, '20 cm'],
])('%f mm a pixel and room for %i pixels make %f pixels of %s', (mm, longest, length, text) => {
  const bar = scaleBar(mm, longest);
  expect(bar?.length_css_px).toBeCloseTo(length, 9);
  expect(bar?.text).toBe(text);
});

test('no bar where there is no scale', () => {
  for (const mm of [0, -1, NaN, Infinity]) expect(scaleBar(mm, 100)).toBeNull();
});
