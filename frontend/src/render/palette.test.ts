import { expect, test } from 'vitest';

import { indexed } from './palette';

/** Pixels of some colours. */
function pixels(colors: readonly (readonly [number, number, number])[]): Uint8ClampedArray {
  return Uint8ClampedArray.from(colors.flatMap((color) => [...color, 255]));
}

/** The colour that each pixel is shown in. */
function shown({ indices, colors }: ReturnType<typeof indexed>): number[][] {
  return Array.from(indices, (index) => Array.from(colors.subarray(3 * index, 3 * index + 3)));
}

test('256 colours come out as they are', () => {
  const greys = Array.from({ length: 256 }, (_, grey) => [grey, grey, grey] as const);
  const colours = Array.from(
    { length: 256 },
    (_, hue) => [hue, (7 * hue) & 255, 255 - hue] as const,
  );
  for (const all of [greys, colours]) {
    const twice = [...all, ...all];
    expect(shown(indexed(pixels(twice)))).toEqual(twice);
  }
});

test('only colours that are there are in the palette', () => {
  const two = indexed(
    pixels([
      [9, 8, 7],
      [1, 2, 3],
      [9, 8, 7],
    ]),
  );
  expect(Array.from(two.indices)).toEqual([0, 1, 0]);
  expect(Array.from(two.colors)).toEqual([9, 8, 7, 1, 2, 3]);
});

test('of more colours each pixel gets one near to its own', () => {
  const all = Array.from(
    { length: 4096 },
    (_, place) => [17 * (place >> 8), 17 * ((place >> 4) & 15), 17 * (place & 15)] as const,
  );
  const result = indexed(pixels(all));
  expect(result.colors.length).toBe(3 * 256);
  const distances = shown(result).map((color, place) =>
    Math.max(...color.map((value, channel) => Math.abs(value - (all[place]?.[channel] ?? 0)))),
  );
  // 16 levels a channel in 256 boxes: mostly 8 x 8 x 4 boxes, half a box away at the most.
  expect(Math.max(...distances)).toBeLessThanOrEqual(34);
});

test('a colour that fills the picture is kept, however many others there are', () => {
  const rare = Array.from({ length: 300 }, (_, place) => [place & 255, 255, place >> 2] as const);
  const common = Array.from({ length: 5000 }, () => [200, 10, 30] as const);
  expect(shown(indexed(pixels([...rare, ...common]))).at(-1)).toEqual([200, 10, 30]);
});
