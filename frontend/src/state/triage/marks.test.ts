import { expect, test } from 'vitest';

import { isMarkedAs, SeriesMarks, type MarkChange } from './marks';

/** Three files of a series that has four. */
const KEPT = new SeriesMarks(
  new Map([
    [1, { verdict: 'keep', note: '' }],
    [2, { verdict: 'keep', note: 'dark' }],
    [3, { verdict: 'reject', note: '' }],
  ]),
);

const whole = (parts: MarkChange['parts']): MarkChange => ({ series: 7, files: null, parts });

test('a series stands as its files do, those without a mark among them', () => {
  expect(KEPT.standing(null, 4)).toEqual({
    files: 4,
    counts: { keep: 2, reject: 1, unsure: 0 },
    unmarked: 1,
    verdict: 'mixed',
    note: null,
  });
  expect(KEPT.standing([1, 2], 4)).toMatchObject({ verdict: 'keep', unmarked: 0, note: null });
  expect(KEPT.standing([1], 4)).toMatchObject({ verdict: 'keep', note: '' });
  expect(KEPT.standing([4], 4)).toMatchObject({ verdict: '', unmarked: 1 });
});

test('files of one mark and files without one are mixed', () => {
  const marks = new SeriesMarks().with({ series: 7, files: [1], parts: { verdict: 'unsure' } });
  expect(marks.standing(null, 2).verdict).toBe('mixed');
  expect(marks.standing(null, 1).verdict).toBe('unsure');
});

test('a mark of a series is one of all its files, and leaves their notes', () => {
  const marks = KEPT.with(whole({ verdict: 'reject' }));
  expect(marks.standing(null, 4)).toMatchObject({
    counts: { keep: 0, reject: 4, unsure: 0 },
    verdict: 'reject',
    note: null,
  });
  expect(marks.of(2)).toEqual({ verdict: 'reject', note: 'dark' });
  expect(marks.of(99)).toEqual({ verdict: 'reject', note: '' });
});

test('a mark of a file after one of its series is about that file alone', () => {
  const marks = KEPT.with(whole({ verdict: 'reject' })).with({
    series: 7,
    files: [4],
    parts: { verdict: 'keep' },
  });
  expect(marks.standing(null, 4).counts).toEqual({ keep: 1, reject: 3, unsure: 0 });
});

test.each([null, [1, 3, 4]])('what is noted before a mark of %j brings it back', (files) => {
  const subject = { series: 7, files };
  const back = KEPT.verdicts(subject);
  const marked = KEPT.with({ ...subject, parts: { verdict: 'unsure' } });
  const restored = back.reduce((marks, change) => marks.with(change), marked);
  for (const file of [1, 2, 3, 4]) expect(restored.of(file)).toEqual(KEPT.of(file));
});

test('a filter asks for marks of any file by the beginning of a word', () => {
  const standing = KEPT.standing(null, 4);
  const words = ['keep', 'rej', 'unsure', 'none', 'mixed', 'note', 'k', 'x'];
  expect(words.filter((word) => isMarkedAs(standing, word))).toEqual([
    'keep',
    'rej',
    'none',
    'mixed',
    'note',
    'k',
  ]);
  const done = KEPT.with(whole({ verdict: 'keep', note: '' })).standing(null, 4);
  expect(words.filter((word) => isMarkedAs(done, word))).toEqual(['keep', 'k']);
});
