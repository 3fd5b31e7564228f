import { expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import { applyStep, inverse, joined, merge, operationsBetween, type RoiStep } from './roiEdits';

function roi(id: string, parts: Partial<Roi> = {}): Roi {
  return { ...bareRoi({ kind: 'point', points: [{ x: 1, y: 2 }] }, 'all'), id, ...parts };
}

const [a, b, c] = [roi('a'), roi('b'), roi('c')];

function ids(list: readonly Roi[]): string {
  return list.map(({ id }) => id).join('');
}

test('a step taken back gives the list that was there, in its order', () => {
  const step: RoiStep = [
    { before: a, after: null, index: 0 },
    { before: b, after: roi('b', { label: 'mass' }), index: 1 },
    { before: c, after: null, index: 2 },
    { before: null, after: roi('d'), index: 1 },
  ];
  const { list, done } = applyStep([a, b, c], step);
  expect(ids(list)).toBe('bd');
  expect(applyStep(list, inverse(done)).list).toEqual([a, b, c]);
});

test('taking back passes over what somebody else has removed, and keeps what they made of it', () => {
  const added: RoiStep = [{ before: null, after: a, index: 0 }];
  expect(applyStep([b], inverse(added))).toEqual({ list: [b], done: [] });
  const edited = roi('a', { note: 'theirs' });
  const { list, done } = applyStep([edited, b], inverse(added));
  expect(list).toEqual([b]);
  expect(applyStep(list, inverse(done)).list).toEqual([edited, b]);
});

test('steps that are joined lead from before the first to after the last', () => {
  const last = roi('a', { label: '2' });
  const first: RoiStep = [{ before: a, after: roi('a', { label: '1' }), index: 0 }];
  const second: RoiStep = [{ before: roi('a', { label: '1' }), after: last, index: 0 }];
  expect(joined(first, second)).toEqual([{ before: a, after: last, index: 0 }]);
});

test('operations say what makes one list of the other', () => {
  const edited = roi('b', { score: 0.5 });
  expect(operationsBetween([a, b], [c, edited])).toEqual([
    { op: 'remove', id: 'a' },
    { op: 'add', roi: c, index: 0 },
    { op: 'replace', roi: edited },
  ]);
});

test('where a label stands is no matter of the server', () => {
  expect(operationsBetween([a], [roi('a', { labelOffset: { x: 3, y: 4 } })])).toEqual([]);
});

test('edits of different ROIs, and of different parts of one, are all there afterwards', () => {
  const mine = [roi('a', { label: 'mass' }), roi('m')];
  const theirs = [roi('a', { note: 'seen' }), b, roi('t')];
  const { list, doubled } = merge([a, b], mine, theirs);
  expect(list).toEqual([roi('a', { label: 'mass', note: 'seen' }), roi('t'), roi('m')]);
  expect(doubled).toBe(0);
});

test('where both have changed the same part, there are two', () => {
  const mine = roi('a', { label: 'mass' });
  const theirs = roi('a', { label: 'cyst' });
  const { list, doubled } = merge([a], [mine], [theirs]);
  expect(list.map(({ label }) => label)).toEqual(['cyst', 'mass']);
  expect(new Set(list.map(({ id }) => id)).size).toBe(2);
  expect(doubled).toBe(1);
});

test('an edit wins over a removal, whoever made it', () => {
  const edited = roi('a', { label: 'mass' });
  expect(merge([a], [], [edited]).list).toEqual([edited]);
  expect(merge([a], [edited], []).list).toEqual([edited]);
  expect(merge([a, b], [b], [a]).list).toEqual([]);
});

test('what the server had taken over before its answer was lost is there once', () => {
  expect(merge([], [a], [a])).toEqual({ list: [a], doubled: 0 });
});
