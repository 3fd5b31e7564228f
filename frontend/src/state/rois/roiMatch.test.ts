import { expect, test } from 'vitest';

import { bareRoi, type Roi } from '../../dicom/roi';
import { countMatches, matchFile, matchRois, type MatchOptions } from './roiMatch';

const OPTIONS: MatchOptions = {
  threshold: 0.5,
  of: 'outlines',
  isByLabel: true,
  leastScore: -Infinity,
};

/** A box of ten rows that begins at a column. */
function box(id: string, left: number, parts: Partial<Roi> = {}): Roi {
  const points = [
    { x: left, y: 0 },
    { x: left + 10, y: 10 },
  ];
  return { ...bareRoi({ kind: 'rectangle', points }, 'all'), id, ...parts };
}

function outcomes(truths: Roi[], predictions: Roi[], options: Partial<MatchOptions> = {}) {
  return matchRois(truths, predictions, { ...OPTIONS, ...options }).map(
    ({ truth, prediction, outcome }) => [truth?.id ?? '', prediction?.id ?? '', outcome].join(' '),
  );
}

test('what overlaps enough is matched, the rest is missed or extra', () => {
  // Shifted by 3 of 10: 7 / 13 = 0.538; by 4: 6 / 14 = 0.429.
  const truths = [box('a', 0), box('b', 100), box('c', 200)];
  const predictions = [box('p', 3), box('q', 104)];
  expect(outcomes(truths, predictions)).toEqual([
    'a p matched',
    'b  missed',
    'c  missed',
    ' q extra',
  ]);
  expect(outcomes(truths, predictions, { threshold: 0.4 })[1]).toBe('b q matched');
});

test('an overlap that is just the threshold is enough', () => {
  const half = box('p', 0, {
    shape: {
      kind: 'rectangle',
      points: [
        { x: 0, y: 0 },
        { x: 10, y: 5 },
      ],
    },
  });
  expect(outcomes([box('a', 0)], [half])).toEqual(['a p matched']);
});

test('each is matched once, and with the one that it overlaps most', () => {
  const truths = [box('a', 0), box('b', 3)];
  expect(outcomes(truths, [box('p', 1)])).toEqual(['a p matched', 'b  missed']);
  expect(outcomes(truths, [box('p', 2), box('q', 2)])).toEqual(['b p matched', 'a q matched']);
});

test('of two that overlap alike the one with the higher score is matched', () => {
  const predictions = [box('low', 2, { score: 0.2 }), box('high', 2, { score: 0.8 })];
  expect(outcomes([box('a', 0)], predictions)).toEqual(['a high matched', ' low extra']);
});

test('the same label comes first where labels matter, and what only lacks it differs', () => {
  const truth = [box('a', 0, { label: 'mass' })];
  const predictions = [box('near', 0, { label: 'cyst' }), box('far', 3, { label: 'mass' })];
  expect(outcomes(truth, predictions)).toEqual(['a far matched', ' near extra']);
  expect(outcomes(truth, predictions, { isByLabel: false })).toEqual([
    'a near matched',
    ' far extra',
  ]);
  expect(outcomes(truth, predictions.slice(0, 1))).toEqual(['a near differs']);
});

test('predictions below the least score are none', () => {
  const truth = [box('a', 0)];
  const prediction = [box('p', 0, { score: 0.4 })];
  expect(outcomes(truth, prediction, { leastScore: 0.4 })).toEqual(['a p matched']);
  expect(outcomes(truth, prediction, { leastScore: 0.41 })).toEqual(['a  missed']);
});

test('a file is compared on the frames that are named, and once for the others', () => {
  const rois = [
    box('everywhere', 0),
    box('third', 0, { group: 'model', frames: [2] }),
    box('other', 0, { group: 'other', frames: [7] }),
  ];
  const layers = { truth: '', predictions: 'model' };
  const compared = (frameCount: number | null) =>
    matchFile(rois, layers, OPTIONS, frameCount).map(({ frame_index, matches }) => [
      frame_index,
      ...matches.map(({ outcome }) => outcome),
    ]);
  expect(compared(3)).toEqual([
    [0, 'missed'],
    [2, 'matched'],
  ]);
  const alone = [box('a', 0), box('p', 0, { group: 'model', frames: [0] })];
  expect(matchFile(alone, layers, OPTIONS, 1).map(({ frame_index }) => frame_index)).toEqual([0]);
});

test('points and lines are left out', () => {
  const point = box('a', 0, { shape: { kind: 'point', points: [{ x: 1, y: 1 }] } });
  expect(matchFile([point], { truth: '', predictions: 'm' }, OPTIONS, 1)).toEqual([]);
});

test('a label that differs counts against precision and recall', () => {
  const outcome = (name: 'matched' | 'missed' | 'extra' | 'differs') => ({
    truth: null,
    prediction: null,
    outcome: name,
    overlap: 0,
  });
  const counts = countMatches(
    (['matched', 'matched', 'matched', 'missed', 'extra', 'extra', 'differs'] as const).map(
      outcome,
    ),
  );
  // 3 of 6 predictions are right, 3 of 5 things were found.
  expect(counts).toMatchObject({ matched: 3, differs: 1, precision: 0.5, recall: 0.6 });
  expect(countMatches([])).toMatchObject({ precision: null, recall: null });
});
