import { describe, expect, test } from 'vitest';

import { displayRange, roundTicks, windowOver } from './displayRange';
import type { VoiFunction } from './recipe';
import { explicitWindow, voiFunction } from './voi';

test.each<[VoiFunction, number, number]>([
  ['LINEAR', -160, 239],
  ['LINEAR_EXACT', -160, 240],
])('%s of 40 and 400 leads from black at %i to white at %i', (name, low, high) => {
  const voi = explicitWindow(40, 400, name);
  expect(displayRange(voi)).toEqual({ low, high });
  const grey = voiFunction(voi);
  expect([low, high].map(grey)).toEqual([0, 255]);
  expect(grey(low + 1)).toBeGreaterThan(0);
  expect(grey(high - 1)).toBeLessThan(255);
});

test('a SIGMOID is as good as black and white at the ends of its range', () => {
  const voi = explicitWindow(40, 400, 'SIGMOID');
  const { low, high } = displayRange(voi);
  expect([low, high].map(voiFunction(voi))).toEqual([5, 250]);
});

test('a table ranges over its input', () => {
  const lut = { kind: 'lut', first_mapped: -5, bits: 8, entries: [0, 1, 2], explanation: '' };
  expect(displayRange({ ...lut, kind: 'lut' })).toEqual({ low: -5, high: -3 });
});

test('a window over a range has that range, whatever its function', () => {
  for (const name of ['LINEAR', 'LINEAR_EXACT', 'SIGMOID'] as const) {
    expect(displayRange(windowOver({ low: -12, high: 350 }, name))).toEqual({
      low: -12,
      high: 350,
    });
  }
});

describe('ticks', () => {
  test.each([
    [-160, 240, 5, [-100, 0, 100, 200]],
    [0, 80, 5, [0, 20, 40, 60, 80]],
    [0, 0.35, 5, [0, 0.1, 0.2, 0.3]],
    [1000, 1004, 4, [1000, 1001, 1002, 1003, 1004]],
  ])('from %f to %f', (low, high, most, expected) => {
    expect(roundTicks({ low, high }, most)).toEqual(expected);
  });

  test('there are none where there is no range', () => {
    expect(roundTicks({ low: 1, high: 1 }, 5)).toEqual([]);
    expect(roundTicks({ low: NaN, high: 1 }, 5)).toEqual([]);
  });
});
