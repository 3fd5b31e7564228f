import { expect, test } from 'vitest';

import { labelColor } from './labelColors';

/** Relative luminance after WCAG 2. */
function luminance(color: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5]
    .map((start) => parseInt(color.slice(start, start + 2), 16) / 255)
    .map((share) => (share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4));
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

const colors = Array.from({ length: 9 }, (_, place) => labelColor(place));

test('the nine labels that have a key have nine colours, and the tenth begins again', () => {
  expect(new Set(colors).size).toBe(9);
  expect(labelColor(9)).toBe(colors[0]);
  expect(labelColor(-1)).toBe('');
});

test('each colour has a contrast of 7 to 1 with the dark halo of shapes', () => {
  for (const color of colors) expect((luminance(color) + 0.05) / 0.05, color).toBeGreaterThan(7);
});
