import { expect, test } from 'vitest';

import { CT_PRESETS, hasCtPresets, presetWindow } from './ctPresets';
import { voiFunction } from './voi';

test('brain shows 0 to 80 HU: -1 is black, 40 is in the middle, 80 is white', () => {
  // LINEAR: (40 - 39.5) / 79 + 0.5 = 0.5063 of 255 is 129.1.
  const grey = voiFunction(presetWindow(CT_PRESETS[0]));
  expect([-1, 40, 80].map(grey)).toEqual([0, 129, 255]);
});

test('presets are for Hounsfield units alone', () => {
  expect(['HU', 'US', '', 'BQML'].map(hasCtPresets)).toEqual([true, false, false, false]);
});
