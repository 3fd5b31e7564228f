import { flushSync } from 'svelte';
import { expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import { Comparison } from './comparison.svelte';
import { RoiBook } from './roiBook.svelte';

function box(id: string, left: number, parts: Partial<Roi> = {}): Roi {
  const points = [
    { x: left, y: 0 },
    { x: left + 10, y: 10 },
  ];
  return { ...bareRoi({ kind: 'rectangle', points }, 'all'), id, ...parts };
}

/** A comparison of a book with what the server knows of two files, one of them of many frames. */
async function compared(load: () => Promise<void> = () => Promise.resolve()) {
  const book = new RoiBook();
  const fact = { revision: '', count: 1, labels: [], series: 0 };
  const overview = new Map([
    [0, { ...fact, index: 0, frame_count: 1 }],
    [1, { ...fact, index: 1, frame_count: 5 }],
  ]);
  const comparison = new Comparison(book, { overview, loadAll: load });
  await comparison.choose('model');
  return { book, comparison };
}

test('counts follow edits, the score and the overlap', async () => {
  const { book, comparison } = await compared();
  book.add(0, [box('a', 0), box('p', 2, { group: 'model', score: 0.6 })]);
  flushSync();
  expect(comparison.counts).toMatchObject({ matched: 1, missed: 0, extra: 0 });
  // 8 of 12 columns.
  comparison.threshold = 0.7;
  expect(comparison.counts).toMatchObject({ matched: 0, missed: 1, extra: 1 });
  comparison.threshold = 0.5;
  book.leastScore = 0.7;
  expect(comparison.counts).toMatchObject({ matched: 0, missed: 1, extra: 0 });
  book.leastScore = 0.5;
  book.remove(book.of(0).filter(({ roi }) => roi.id === 'a'));
  expect(comparison.counts).toMatchObject({ matched: 0, missed: 0, extra: 1 });
});

test('what is on all frames has an outcome on each, which a frame with more can change', async () => {
  const { book, comparison } = await compared();
  book.add(1, [box('a', 0), box('p', 0, { group: 'model', frames: [2] })]);
  flushSync();
  const [a, p] = book.of(1).map(({ roi }) => roi) as [Roi, Roi];
  const at = (roi: Roi, frame_index: number) => comparison.outcomeOf(roi, { file: 1, frame_index });
  expect([0, 1, 2, 3].map((frame) => at(a, frame))).toEqual([
    'missed',
    'missed',
    'matched',
    'missed',
  ]);
  expect(at(p, 2)).toBe('matched');
  expect(at(box('other', 0, { group: 'third' }), 2)).toBeNull();
});

test('disagreements stand in the order of the frames, then from the top', async () => {
  const { book, comparison } = await compared();
  const low = {
    kind: 'rectangle',
    points: [
      { x: 0, y: 50 },
      { x: 9, y: 60 },
    ],
  } as const;
  book.add(0, [box('low', 0, { shape: low }), box('high', 30)]);
  book.add(1, [box('first', 0, { frames: [0], group: 'model' })]);
  flushSync();
  const ids = (order: (file: number) => number) =>
    comparison
      .disagreements(({ file }) => [order(file)])
      .map(({ match }) => (match.truth ?? match.prediction)?.id);
  expect(ids((file) => file)).toEqual(['high', 'low', 'first']);
  expect(ids((file) => -file)).toEqual(['first', 'high', 'low']);
});

test('a label that differs is one disagreement about two ROIs', async () => {
  const { book, comparison } = await compared();
  book.add(0, [box('a', 0, { label: 'x' }), box('p', 0, { label: 'y', group: 'model' })]);
  flushSync();
  const [only, ...others] = comparison.disagreements(() => [0]);
  expect(only?.roiKeys).toEqual(['0/a', '0/p']);
  expect(others).toEqual([]);
});

test('files that cannot be read are told, and what is there is compared', async () => {
  const { book, comparison } = await compared(() => Promise.reject(new Error('gone')));
  book.add(0, [box('a', 0)]);
  flushSync();
  expect(comparison.failure).not.toBe('');
  expect(comparison.isLoading).toBe(false);
  expect(comparison.counts.missed).toBe(1);
  await comparison.choose(null);
  expect(comparison.counts.missed).toBe(0);
});
