import { beforeEach, expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import { RoiBook } from './roiBook.svelte';

function point(x: number, frames: Roi['frames'] = 'all'): Roi {
  return { ...bareRoi({ kind: 'point', points: [{ x, y: 0 }] }, frames), id: `p${String(x)}` };
}

let time = 0;
let edited: number[] = [];
let book = new RoiBook();

beforeEach(() => {
  time = 0;
  edited = [];
  book = new RoiBook(
    (file) => edited.push(file),
    () => time,
  );
});

function places(file = 0, frame_index = 0): (number | undefined)[] {
  return book.onFrame({ file, frame_index }).map(({ roi }) => roi.shape.points[0]?.x);
}

test('an ROI is seen on the frames it names, and on all where it says so', () => {
  book.add(0, [point(1, [0, 2]), point(2)]);
  expect([places(0, 0), places(0, 1), places(0, 2), places(1, 0)]).toEqual([
    [1, 2],
    [2],
    [1, 2],
    [],
  ]);
});

test('what is added is selected, and what is removed is not', () => {
  book.add(0, [point(1)]);
  book.add(0, [point(2), point(3)]);
  expect([...book.selection]).toEqual(['0/p2', '0/p3']);
  book.remove(book.of(0).slice(1, 2));
  expect([...book.selection]).toEqual(['0/p3']);
  book.toggle('0/p1');
  book.toggle('0/p3');
  expect([...book.selection]).toEqual(['0/p1']);
});

test('undo and redo go through one file and leave the others alone', () => {
  book.add(0, [point(1)]);
  book.add(1, [point(2)]);
  book.add(0, [point(3)]);
  book.remove(book.of(0));
  book.undo(0);
  expect(places(0)).toEqual([1, 3]);
  book.undo(0);
  book.undo(0);
  expect([places(0), places(1)]).toEqual([[], [2]]);
  expect([book.canUndo(0), book.canRedo(0), book.canUndo(7)]).toEqual([false, true, false]);
  for (let step = 0; step < 3; step++) book.redo(0);
  expect(places(0)).toEqual([]);
  expect(edited).toEqual([0, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
});

test('one edit of ROIs in several files is a step in each', () => {
  book.add(0, [point(1)]);
  book.add(1, [point(2)]);
  book.edit(book.all, { label: 'mass' });
  expect(book.all.map(({ roi }) => roi.label)).toEqual(['mass', 'mass']);
  book.undo(1);
  expect(book.all.map(({ roi }) => roi.label)).toEqual(['mass', '']);
});

test('a quick row of nudges is one step, a pause begins another', () => {
  book.add(0, [point(0)]);
  for (const [x, at] of [
    [1, 100],
    [2, 200],
    [3, 5000],
    [4, 5100],
  ] as const) {
    time = at;
    book.edit(book.of(0), { shape: point(x).shape }, 'nudge');
  }
  book.undo(0);
  expect(places()).toEqual([2]);
  book.undo(0);
  expect(places()).toEqual([0]);
  book.redo(0);
  expect(places()).toEqual([2]);
});

test('what the server has comes in beside what was drawn before it was asked', () => {
  book.add(0, [point(1)]);
  book.file(0).receive({ revision: 'r-1', path: 'a.dcm', rois: [point(5)] });
  expect(places()).toEqual([5, 1]);
  expect(book.file(0).unsent.map(({ op }) => op)).toEqual(['add']);
  book.undo(0);
  expect(places()).toEqual([5]);
  expect(book.pathOf(0)).toBe('a.dcm');
});

test('shapes stay the very same when the server says the same of them', () => {
  const [mine] = [point(1)];
  book.file(0).receive({ revision: 'r-0', path: 'a.dcm', rois: [] });
  book.add(0, [mine]);
  book.edit(book.of(0), { labelOffset: { x: 5, y: 5 } });
  const echo = (roi: Roi) => ({ ...roi, shape: point(1).shape, labelOffset: null });
  const sent = book.file(0).list;
  book.file(0).acknowledge(sent, 'r-1', sent.map(echo));
  book.file(0).receive({ revision: 'r-2', path: 'a.dcm', rois: sent.map(echo) });
  expect(book.of(0)[0]?.roi.shape).toBe(mine.shape);
  expect(book.of(0)[0]?.roi.labelOffset).toEqual({ x: 5, y: 5 });
});

test('an edit made while another travels is not overwritten by the answer', () => {
  book.file(0).receive({ revision: 'r-0', path: 'a.dcm', rois: [] });
  book.add(0, [point(1), point(2)]);
  const sent = book.file(0).list;
  book.edit(book.of(0).slice(0, 1), { label: 'later' });
  book.file(0).acknowledge(
    sent,
    'r-1',
    sent.map((roi) => ({ ...roi, note: 'as the server spells it' })),
  );
  expect(book.of(0).map(({ roi }) => [roi.label, roi.note])).toEqual([
    ['later', ''],
    ['', 'as the server spells it'],
  ]);
  expect(book.file(0).unsent.map(({ op }) => op)).toEqual(['replace']);
});
