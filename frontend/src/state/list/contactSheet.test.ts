import { expect, test, vi } from 'vitest';

import { Client } from '../../api/client';
import { ThumbnailStore } from '../../frames/thumbnailStore';
import {
  BASE,
  detail,
  failure,
  json,
  patient,
  series,
  serve,
  stack,
  study,
} from '../../testing/server';
import { eventually } from '../../testing/waiting';
import { Catalog, type SeriesNode } from './catalog';
import { ContactSheet, crumbText, placeOf } from './contactSheet.svelte';
import { DetailCache, Details } from '../view/details';
import { sheetCell } from './sheetCells';

const catalog = new Catalog();
const steps = catalog.take({
  patients: [patient(0)],
  studies: [study(0)],
  series: [series(0, { frame_count: 4 }), series(1, { series_description: 'Late' })],
});
while (steps.next().done !== true);

function node(index: number): SeriesNode {
  const found = catalog.series(index);
  if (found === undefined) throw new Error('no such series');
  return found;
}

function sheetOf() {
  const client = new Client({ base: BASE, token: null });
  const details = new DetailCache();
  const failures: string[] = [];
  const sheet = new ContactSheet(
    { seriesOf: () => [node(0), node(1)] },
    () => new Details(client, details),
    new ThumbnailStore(client),
    ({ code }) => failures.push(code),
  );
  return { sheet, failures };
}

const at = (file: number) => ({ file, frame_index: 0 });
const texts = (sheet: ContactSheet) =>
  sheet.items
    .map((item) => sheetCell(item))
    .map(({ label, detail: said }) => [label, said].join(' ').trim());

test('a study is a cell a series', () => {
  const { sheet } = sheetOf();
  expect(sheet.isOpen).toBe(false);
  const { study: parent } = node(0);
  if (parent === null) throw new Error('the series has a study');
  sheet.open(parent);
  expect(texts(sheet)).toEqual(['Portal venous CT · 4 frames', 'Late CT · 1 image']);
  expect(sheet.crumbs.map(({ label }) => label)).toEqual([
    'All series',
    'DOE, JANE',
    '2024-01-31  Abdomen',
  ]);
});

test('with the identity hidden the way names neither patient, date nor folder', () => {
  const { sheet } = sheetOf();
  const way = () => sheet.crumbs.map((crumb) => crumbText(crumb, { isIdentityHidden: true }));
  sheet.open({ kind: 'frames', series: node(0), stackKey: null });
  expect(way()).toEqual(['All series', 'Patient 1', 'Abdomen', 'Portal venous']);
  sheet.open({ kind: 'folder', path: '/scans/doe', label: 'doe' });
  expect(way()).toEqual(['All series', 'Folder']);
});

test('a series is a cell a frame, each value of a dimension counted for itself', async () => {
  const grid = stack([0, 1, 2, 3].map(at), {
    position_index: [0, 1, 0, 1],
    dimension_index: [0, 0, 1, 1],
    dimension: { name: 'Echo Time', unit: 'ms', values: ['20', '80'] },
  });
  const lone = stack([at(4)], { key: 'scout', label: 'Scout' });
  const object = stack([at(5)], { key: 'report', has_pixels: false });
  serve(() => json(detail(series(0), [0, 1, 2, 3, 4, 5], [grid, lone, object])));
  const { sheet } = sheetOf();
  sheet.open({ kind: 'frames', series: node(0), stackKey: null });
  expect(sheet.isLoading).toBe(true);
  await eventually(() => expect(sheet.isLoading).toBe(false));
  expect(texts(sheet)).toEqual(['1 20 ms', '2 20 ms', '1 80 ms', '2 80 ms', '1']);
  sheet.open({ kind: 'frames', series: node(0), stackKey: 'series/0/scout' });
  await eventually(() => expect(texts(sheet)).toEqual(['1']));
});

test('frames that cannot be had are said, and asked for again', async () => {
  let isBroken = true;
  serve(() => (isBroken ? failure('gone', 'not_found', 404) : json(detail(series(0), [0]))));
  const { sheet, failures } = sheetOf();
  sheet.open({ kind: 'frames', series: node(0), stackKey: null });
  await eventually(() => expect(sheet.failure?.code).toBe('not_found'));
  expect([failures, sheet.isLoading]).toEqual([['not_found'], false]);
  isBroken = false;
  sheet.retry();
  await eventually(() => expect(sheet.items).toHaveLength(1));
  expect(sheet.failure).toBeNull();
});

test('what comes after the sheet was closed is not shown in the next', async () => {
  serve(() => json(detail(series(0), [0, 1, 2])));
  const { sheet } = sheetOf();
  sheet.open({ kind: 'frames', series: node(0), stackKey: null });
  sheet.close();
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect([sheet.isOpen, sheet.items]).toEqual([false, []]);
});

test('a series that grows is asked for again', async () => {
  vi.useFakeTimers();
  try {
    let files = [0];
    serve(() => json(detail(series(0), files)));
    const { sheet } = sheetOf();
    sheet.open({ kind: 'frames', series: node(0), stackKey: null });
    await eventually(() => expect(sheet.items).toHaveLength(1));
    files = [0, 1];
    sheet.note([series(1)]);
    sheet.note([series(0)]);
    await vi.advanceTimersByTimeAsync(1_100);
    await eventually(() => expect(sheet.items).toHaveLength(2));
  } finally {
    vi.useRealTimers();
  }
});

test('pictures are between 64 and 320 pixels', () => {
  const { sheet } = sheetOf();
  const sizes = [10, 96, 4_000].map((size) => {
    sheet.size = size;
    return sheet.size;
  });
  expect(sizes).toEqual([64, 96, 320]);
});

test('lines without pictures lead to no sheet', () => {
  const report = series(2, { image_count: 0 });
  const more = catalog.take({ patients: [], studies: [], series: [report] });
  while (more.next().done !== true);
  expect(placeOf(node(2))).toBeNull();
  expect(placeOf(node(0))).toMatchObject({ kind: 'frames', stackKey: null });
  expect(
    placeOf({ kind: 'more', key: '', level: 2, end: 'unreadable', fetched: 0, total: 1 }),
  ).toBe(null);
});
