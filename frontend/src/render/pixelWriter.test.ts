import { expect, test } from 'vitest';

import { PixelWriter } from './pixelWriter';

/** A table that gives a tenth of the stored value. */
const table = Uint8Array.from({ length: 65_536 }, (_, value) => Math.min(255, value / 10));

/** The red of each pixel, row by row. */
function reds(words: Uint32Array): number[] {
  return Array.from(words, (word) => word & 0xff);
}

/** Means as one would take them by hand, rounded half up. */
function expected(rows: number, columns: number, samples: Uint16Array, factor: number): number[] {
  const means: number[] = [];
  for (let top = 0; top < rows; top += factor) {
    for (let left = 0; left < columns; left += factor) {
      const values: number[] = [];
      for (let row = top; row < Math.min(top + factor, rows); row++) {
        for (let column = left; column < Math.min(left + factor, columns); column++) {
          values.push(table[samples[row * columns + column] ?? 0] ?? 0);
        }
      }
      means.push(Math.floor(values.reduce((sum, value) => sum + value, 0) / values.length + 0.5));
    }
  }
  return means;
}

test.each([2, 3, 4, 5])('blocks of %i are means, smaller ones at the edges too', (factor) => {
  const [rows, columns] = [11, 13];
  const samples = Uint16Array.from({ length: rows * columns }, (_, at) => (at * 7919) % 2550);
  const words = new Uint32Array(Math.ceil(rows / factor) * Math.ceil(columns / factor));
  const picture = { kind: 'table', rows, columns, samples, table, colors: null } as const;
  new PixelWriter().write(picture, factor, words);
  expect(reds(words)).toEqual(expected(rows, columns, samples, factor));
});

test('a half is rounded up', () => {
  const samples = Uint16Array.of(10, 20, 10, 20);
  const words = new Uint32Array(1);
  const picture = { kind: 'table', rows: 2, columns: 2, samples, table, colors: null } as const;
  new PixelWriter().write(picture, 2, words);
  expect(reds(words)).toEqual([2]);
});

test('another table or other colours make other pixels', () => {
  const writer = new PixelWriter();
  const samples = Uint16Array.of(100);
  const words = new Uint32Array(1);
  const picture = { kind: 'table', rows: 1, columns: 1, samples } as const;
  const colors = new Uint8Array(768).fill(3);
  const steps = [
    { table, colors: null },
    { table: table.map((value) => 255 - value), colors: null },
    { table, colors },
    { table, colors: null },
  ];
  const seen = steps.map((step) => {
    writer.write({ ...picture, ...step }, 1, words);
    return (words[0] ?? 0) & 0xff;
  });
  expect(seen).toEqual([10, 245, 3, 10]);
});
