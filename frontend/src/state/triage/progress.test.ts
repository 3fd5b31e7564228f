import { expect, test } from 'vitest';

import { SeriesMarks, type Standing, type Verdict } from './marks';
import { progressOf, progressText, standingText } from './progress';

/** A series whose first files have these marks. */
function standing(fileCount: number, verdicts: readonly Verdict[]): Standing {
  const files = verdicts.map((verdict, file) => [file, { verdict, note: '' }] as const);
  return new SeriesMarks(new Map(files)).standing(null, fileCount);
}

const SERIES = [
  standing(2, ['keep', 'keep']),
  standing(1, ['reject']),
  standing(2, ['keep', 'unsure']),
  standing(3, ['keep']),
  standing(1, []),
];

test('a series counts when all of its files are marked, a file by itself', () => {
  expect(progressText(progressOf(SERIES, 'series'))).toBe(
    '3 of 5 marked: 1 keep, 1 reject, 1 mixed',
  );
  expect(progressText(progressOf(SERIES, 'file'))).toBe(
    '6 of 9 marked: 4 keep, 1 reject, 1 unsure',
  );
  expect(progressText(progressOf([], 'file'))).toBe('0 of 0 marked');
});

test('of a series with different marks it is said how many files have which', () => {
  expect(standingText(standing(1_203, ['keep', 'reject', 'reject']))).toBe(
    '1 keep, 2 reject, 1,200 without a mark',
  );
});
