import { expect, test } from 'vitest';

import { axisRange, histogramPath } from './histogramAxis';

const histogram = { low: 0, high: 4, counts: Uint32Array.of(1, 0, 3, 3), total: 7 };

test('the axis holds the values and a window beside them', () => {
  expect(axisRange(histogram, null)).toEqual({ low: 0, high: 4 });
  expect(axisRange(histogram, { low: 1, high: 2 })).toEqual({ low: 0, high: 4 });
  expect(axisRange(histogram, { low: -1, high: 6 })).toEqual({ low: -1, high: 6 });
});

test('a window far away does not squeeze the values', () => {
  expect(axisRange(histogram, { low: -1000, high: 1000 })).toEqual({ low: -4, high: 8 });
});

test('bins are steps as high as their count', () => {
  expect(histogramPath(histogram, { low: 0, high: 4 }, false)).toBe(
    'M0 1V0.6667H0.25V1H0.5V0H0.75V0H1V1Z',
  );
});

test('on a logarithmic axis one in three pixels has half the height', () => {
  // log(1 + 1) / log(1 + 3) = 1 / 2.
  expect(histogramPath(histogram, { low: 0, high: 4 }, true)).toContain('V0.5H0.25');
});

test('bins stand at their values on a wider axis', () => {
  expect(histogramPath(histogram, { low: -4, high: 4 }, false)).toContain('M0.5 1');
});
