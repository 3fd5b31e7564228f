import { expect, test } from 'vitest';

import { eachSpan, samplesInside } from './shapeSpans';
import type { ShapeKind } from './shapes';

/** The pixels of a shape, drawn as text. */
function mask(kind: ShapeKind, pairs: [number, number][], columns = 6, rows = 5): string[] {
  const cells = Array.from({ length: rows }, () => Array.from({ length: columns }, () => '.'));
  const shape = { kind, points: pairs.map(([x, y]) => ({ x, y })) };
  eachSpan(shape, { rows, columns }, (row, first, end) => cells[row]?.fill('#', first, end));
  return cells.map((cell) => cell.join(''));
}

test('a rectangle on the borders of pixels holds what is between them', () => {
  expect(
    mask('rectangle', [
      [1, 1],
      [4, 3],
    ]),
  ).toEqual(['......', '.###..', '.###..', '......', '......']);
});

test('a pixel belongs to the rectangle that has its centre', () => {
  // Columns with centres from 0.6 to 3.4: 1.5 and 2.5. Rows: 0.5 is in, 2.5 is not.
  expect(
    mask('rectangle', [
      [0.6, 0.5],
      [3.4, 2.5],
    ]),
  ).toEqual(['.##...', '.##...', '......', '......', '......']);
});

test('rectangles side by side share no pixel and leave none out', () => {
  const left = mask('rectangle', [
    [0, 0],
    [2.5, 5],
  ]).join('');
  const right = mask('rectangle', [
    [2.5, 0],
    [6, 5],
  ]).join('');
  [...left].forEach((cell, index) => expect(cell === '#').not.toBe(right[index] === '#'));
});

test('an ellipse has its rim: the four ends of a circle about the centre of a pixel', () => {
  expect(
    mask('ellipse', [
      [0.5, 0.5],
      [4.5, 4.5],
    ]),
  ).toEqual(['..#...', '.###..', '#####.', '.###..', '..#...']);
});

test('a slanted side divides pixels by their centres', () => {
  // The diagonal from (0, 0) to (5, 5) runs through centres, which lie on its left side: outside.
  expect(
    mask('polygon', [
      [0, 0],
      [5, 0],
      [5, 5],
    ]),
  ).toEqual(['#####.', '.####.', '..###.', '...##.', '....#.']);
});

test('a dent in an outline parts a row into two spans', () => {
  const dented: [number, number][] = [
    [0, 0],
    [2, 0],
    [2, 3],
    [4, 3],
    [4, 0],
    [6, 0],
    [6, 5],
    [0, 5],
  ];
  expect(mask('freehand', dented)).toEqual(['##..##', '##..##', '##..##', '######', '######']);
});

test('what an outline encloses twice is outside', () => {
  const twice: [number, number][] = [
    [0, 0],
    [6, 0],
    [6, 5],
    [0, 5],
    [0, 0],
    [2, 1],
    [4, 1],
    [4, 3],
    [2, 3],
    [2, 1],
  ];
  expect(mask('polygon', twice)).toEqual(['######', '##..##', '##..##', '######', '######']);
});

test('nothing is found outside of the image', () => {
  expect(
    mask('rectangle', [
      [-4, -4],
      [2, 1],
    ]),
  ).toEqual(['##....', '......', '......', '......', '......']);
  expect(
    mask('ellipse', [
      [20, 20],
      [40, 40],
    ]).join(''),
  ).not.toContain('#');
});

test('a line has no inside', () => {
  expect(
    mask('length', [
      [0, 0],
      [6, 5],
    ]).join(''),
  ).not.toContain('#');
});

test('the samples of a region are those of its pixels, row by row', () => {
  const stored = {
    samples: Int16Array.from({ length: 12 }, (_, position) => position - 6),
    rows: 3,
    columns: 4,
    samples_per_pixel: 1,
    bits_stored: 16,
    photometric_interpretation: 'MONOCHROME2',
    truncated: false,
  };
  const points = [
    { x: 1, y: 1 },
    { x: 9, y: 3 },
  ];
  expect(samplesInside(stored, { kind: 'rectangle', points })).toEqual(
    Int16Array.of(-1, 0, 1, 3, 4, 5),
  );
});
