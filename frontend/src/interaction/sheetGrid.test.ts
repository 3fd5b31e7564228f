import { expect, test } from 'vitest';

import { cellAfter, rowsInSight, sheetGrid } from './sheetGrid';

// 4 columns of 108 pixels: 8 + 4 * 108 = 440 of 460.
const grid = sheetGrid(10, 460, 100, 20);

test('as many columns as fit, in the middle', () => {
  expect(grid).toMatchObject({ columns: 4, rows: 3, cellWidth: 108, rowHeight: 128, left: 18 });
  expect(sheetGrid(10, 440, 100, 20)).toMatchObject({ columns: 4, left: 8 });
  expect(sheetGrid(10, 439, 100, 20)).toMatchObject({ columns: 3, rows: 4 });
  expect(sheetGrid(3, 50, 100, 20)).toMatchObject({ columns: 1, rows: 3, left: 0 });
});

test('only rows in sight are made', () => {
  expect(rowsInSight(grid, 0, 128)).toEqual({ first: 0, end: 1 });
  expect(rowsInSight(grid, 127, 2)).toEqual({ first: 0, end: 2 });
  expect(rowsInSight(grid, 5_000, 500)).toEqual({ first: 2, end: 3 });
  expect(rowsInSight(sheetGrid(0, 460, 100, 20), 0, 500)).toEqual({ first: 0, end: 0 });
});

test('arrow keys go from cell to cell and stay inside', () => {
  const go = (key: string, from: number) => cellAfter(key, from, grid, 300);
  expect([
    go('ArrowRight', 3),
    go('ArrowLeft', 4),
    go('ArrowLeft', 0),
    go('ArrowRight', 9),
  ]).toEqual([4, 3, 0, 9]);
  expect([go('ArrowDown', 1), go('ArrowUp', 5), go('ArrowUp', 2)]).toEqual([5, 1, 2]);
  // Below cell 7 there is none: the last row has two cells.
  expect([go('ArrowDown', 7), go('ArrowDown', 9)]).toEqual([9, 9]);
  expect([go('Home', 7), go('End', 1), go('PageDown', 0), go('PageUp', 9)]).toEqual([0, 9, 8, 1]);
  expect(go('a', 3)).toBeNull();
});
