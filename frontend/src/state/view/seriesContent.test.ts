import { expect, test } from 'vitest';

import { detail, geometry, series, stack } from '../../testing/server';
import { pathBelow, SeriesContent, type Stack } from './seriesContent';

const ref = (file: number) => ({ file, frame_index: 0 });

/** Three positions at two echo times; the middle one is missing for the second. */
const GRID = stack([0, 1, 2, 3, 4].map(ref), {
  position_index: [0, 1, 2, 0, 2],
  dimension_index: [0, 0, 0, 1, 1],
  dimension: { name: 'Echo Time', unit: 'ms', values: ['20', '80'] },
});

function only(row: ReturnType<typeof stack>): Stack {
  const content = new SeriesContent(detail(series(0), row.files, [row]));
  const [first] = content.stacks;
  if (first === undefined) throw new Error('no stack');
  return first;
}

test('frames of a stack without dimension are one lane in reading order', () => {
  expect(only(stack([ref(4), ref(2)])).lanes).toEqual([[ref(4), ref(2)]]);
});

test('each value of a dimension has a lane of its own', () => {
  const grid = only(GRID);
  expect(grid.lanes.map((lane) => lane.map(({ file }) => file))).toEqual([
    [0, 1, 2],
    [3, 4],
  ]);
  expect(grid.placeOf(ref(4))).toEqual({ value: 1, position: 1 });
  expect(grid.placeOf(ref(9))).toBeNull();
});

test('another value is met at the same position, however far along its lane', () => {
  const grid = only(GRID);
  expect(grid.across({ value: 0, position: 2 }, 1)).toEqual(ref(4));
  expect(grid.across({ value: 1, position: 1 }, 0)).toEqual(ref(2));
  expect(grid.column({ value: 1, position: 1 })).toEqual([ref(2), ref(4)]);
});

test('where the grid has a hole the nearest frame is taken', () => {
  const grid = only({ ...GRID, position_index: [0, 1, 2, 0, 3] });
  expect(grid.across({ value: 0, position: 1 }, 1)).toEqual(ref(3));
  expect(grid.across({ value: 0, position: 2 }, 1)).toEqual(ref(4));
});

test('beyond the values there is nothing', () => {
  expect(only(GRID).across({ value: 0, position: 0 }, 2)).toBeNull();
  expect(only(GRID).across({ value: 0, position: 0 }, -1)).toBeNull();
});

test('an object without pixels has no frames', () => {
  expect(only(stack([ref(3)], { has_pixels: false })).lanes).toEqual([[]]);
});

test('a frame is found with its object, and an object without pixels by its file', () => {
  const rows = [stack([ref(0), ref(1)]), stack([ref(2)], { key: 'x', has_pixels: false })];
  const content = new SeriesContent(detail(series(0), [0, 1, 2], rows));
  expect([ref(1), ref(2), ref(3), null].map((frame) => content.stackOf(frame)?.key)).toEqual([
    'series/0/k',
    'series/0/x',
    undefined,
    undefined,
  ]);
});

test('the plane of a frame is that of its own position, whatever lane it is in', () => {
  const positions_mm = [0, 1, 2, 0, 2].map((z) => [10, 20, z]);
  const grid = only({ ...GRID, positions_mm, geometry: geometry() });
  expect(grid.planeOf(ref(4))).toEqual({
    position: [10, 20, 2],
    orientation: [1, 0, 0, 0, 1, 0],
    row_spacing_mm: 1,
    column_spacing_mm: 1,
  });
  expect(grid.planeOf(ref(9))).toBeNull();
});

test('without spacing or position there is no plane', () => {
  const positions_mm = [[0, 0, 0]];
  const planes = [
    stack([ref(0)], { positions_mm, geometry: geometry({ row_spacing_mm: null }) }),
    stack([ref(0)], { geometry: geometry() }),
    stack([ref(0)], { positions_mm }),
  ].map((row) => only(row).planeOf(ref(0)));
  expect(planes).toEqual([null, null, null]);
});

test('facts of a file are found by its index', () => {
  const content = new SeriesContent(detail(series(0, { folder: '/archive/a' }), [8, 5]));
  expect(content.file(5)).toMatchObject({ path: '/archive/a/5.dcm', instance_number: '6' });
  expect(content.file(6)).toBeNull();
});

test('paths are put together as their folder is written', () => {
  expect(pathBelow('/data', 'caf\\xE9.dcm')).toBe('/data/caf\\xE9.dcm');
  expect(pathBelow('/', 'a')).toBe('/a');
  expect(pathBelow('C:\\data', 'a')).toBe('C:\\data\\a');
  expect(pathBelow('', 'a')).toBe('a');
});
