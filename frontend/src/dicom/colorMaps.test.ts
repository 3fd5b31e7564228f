import { describe, expect, test } from 'vitest';

import vectors from '../../../fixtures/vectors/color_maps.json';
import { COLOR_MAPS, colorMapTable, isColorMapName, nextColorMap } from './colorMaps';

function bytes(hex: string): number[] {
  return (hex.match(/../g) ?? []).map((digits) => parseInt(digits, 16));
}

describe('every entry is as published', () => {
  test.each(vectors.cases)('$name', ({ name, tolerance, rgb }) => {
    if (!isColorMapName(name)) throw new Error(`no colour map ${name}`);
    const expected = bytes(rgb);
    const errors = Array.from(colorMapTable(name), (value, position) =>
      Math.abs(value - (expected[position] ?? NaN)),
    );
    expect(errors).toHaveLength(expected.length);
    expect(Math.max(...errors)).toBeLessThanOrEqual(tolerance);
  });

  test('and every map but grey is among them', () => {
    const names = COLOR_MAPS.map(({ name }) => name).slice(1);
    expect(vectors.cases.map(({ name }) => name)).toEqual(names);
  });
});

test('grey gives every display value three times', () => {
  const table = colorMapTable('grey');
  expect(Array.from(table)).toEqual(
    Array.from({ length: 768 }, (_, position) => Math.floor(position / 3)),
  );
});

test('the same map is the same array, so that it is uploaded once', () => {
  expect(colorMapTable('turbo')).toBe(colorMapTable('turbo'));
});

test('going on from map to map meets each of them and comes back to grey', () => {
  const met = [nextColorMap('grey')];
  while (met.at(-1) !== 'grey' && met.length < 50) met.push(nextColorMap(met.at(-1) ?? 'grey'));
  expect(met).toHaveLength(COLOR_MAPS.length);
});
