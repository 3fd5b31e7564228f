import { expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import { FileRois } from './fileRois.svelte';
import { parcelsOf } from './roiParcel';

function roi(id: string, pointCount: number): Roi {
  const points = Array.from({ length: pointCount }, (_, index) => ({ x: index, y: 0 }));
  return { ...bareRoi({ kind: 'freehand', points }, 'all'), id };
}

function book(file: number, rois: readonly Roi[]): FileRois {
  const made = new FileRois(file);
  made.receive({ revision: `one-${String(file)}`, path: 'a.dcm', rois: [] });
  made.change(rois.map((after, index) => ({ before: null, after, index })));
  return made;
}

const counts = (books: FileRois[]) =>
  parcelsOf(books).map(({ operations, sent }) => [operations.length, sent !== null]);

test('a file with more edits than the server takes is sent in parts', () => {
  const many = Array.from({ length: 1_200 }, (_, index) => roi(String(index), 3));
  expect(counts([book(0, many)])).toEqual([[1_000, false]]);
});

test('long outlines wait for the next request, and an ROI that is longer still goes alone', () => {
  const long = [roi('a', 50_000), roi('b', 50_000)];
  expect(counts([book(0, long), book(1, [roi('c', 3)])])).toEqual([[1, false]]);
  expect(counts([book(0, [roi('a', 50_000)]), book(1, long)])).toEqual([[1, true]]);
  expect(counts([book(0, [roi('a', 90_000), roi('b', 3)])])).toEqual([[1, false]]);
});

test('edits of many files go together, each with its revision', () => {
  const books = [0, 1, 2].map((file) => book(file, [roi('a', 3)]));
  expect(parcelsOf(books).map(({ revision }) => revision)).toEqual(['one-0', 'one-1', 'one-2']);
});
