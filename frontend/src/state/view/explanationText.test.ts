import { expect, test } from 'vitest';

import { rangeText, valueAfter } from './explanationText';

test('ranges are read from one to the other', () => {
  expect(rangeText([-1024, 3071], [0, 255])).toBe('-1024 to 3071 become 0 to 255');
  expect(rangeText(null, [0, 4095])).toBe('0 to 4095');
  expect(rangeText([0, 1], [0, 1])).toBe('0 to 1');
  expect(rangeText([0, null], null)).toBe('0 to …');
  expect(rangeText(null, null)).toBe('');
});

test('the pixel under the pointer is followed from step to step', () => {
  const pixel = { stored: [1064], modality: 40.5, display: 128, realWorld: '3 mm' };
  const steps = ['samples', 'padding', 'modality', 'real_world', 'output'];
  expect(steps.map((step) => valueAfter(step, pixel))).toEqual(['1064', '', '40.5', '3 mm', '128']);
});

test('colour has no value between its samples and the picture', () => {
  const pixel = { stored: [1, 2, 3], modality: null, display: null, realWorld: '' };
  expect(['samples', 'modality', 'output'].map((step) => valueAfter(step, pixel))).toEqual([
    '1, 2, 3',
    '',
    '',
  ]);
});
