import { expect, test } from 'vitest';

import { seriesItems } from './roiList';
import { bareRoi } from '../../dicom/roi';
import type { RoiEntry } from './fileRois.svelte';
import { scoreRange } from './scores';

const count = (index: number, series: number, rois: number, labels: string[] = []) => ({
  index,
  series,
  count: rois,
  labels,
  revision: '',
  frame_count: 1,
});

test('files are counted by series, and those that have none any more are not', () => {
  const items = seriesItems([
    count(5, 1, 2, ['mass']),
    count(4, 1, 1, ['cyst', 'mass']),
    count(9, 0, 1),
    count(3, 1, 0),
  ]);
  expect(
    items.map(({ series, count, fileCount, file }) => [series, count, fileCount, file]),
  ).toEqual([
    [0, 1, 1, 9],
    [1, 3, 2, 4],
  ]);
  expect(items[1]?.labels).toEqual(['mass', 'cyst']);
});

test('shares have a slider from 0 to 1, other scores one over what there is', () => {
  const entries = (...scores: (number | null)[]): RoiEntry[] =>
    scores.map((score, index) => ({
      key: `0/${String(index)}`,
      file: 0,
      roi: { ...bareRoi({ kind: 'point', points: [{ x: 0, y: 0 }] }, 'all'), score },
    }));
  expect(scoreRange(entries(null))).toBeNull();
  expect(scoreRange(entries(0.2, null, 0.9))).toEqual({ low: 0, high: 1, step: 0.01 });
  expect(scoreRange(entries(-4, 16))).toEqual({ low: -4, high: 16, step: 0.1 });
});
