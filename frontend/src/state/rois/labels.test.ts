import { expect, test } from 'vitest';

import { bareRoi } from '../../dicom/roi';
import { layerRows } from './layers.svelte';
import { Labels } from './labels.svelte';
import { RoiBook } from './roiBook.svelte';

const POINT = { kind: 'point', points: [{ x: 1, y: 1 }] } as const;

test('typed labels follow those of the server, with keys for the first nine', () => {
  const labels = new Labels();
  labels.known = ['mass', 'cyst'];
  for (const label of ['calc', 'mass', '', 'd', 'e', 'f', 'g', 'h', 'i', 'j']) labels.note(label);
  expect(labels.all).toEqual(['mass', 'cyst', 'calc', 'd', 'e', 'f', 'g', 'h', 'i', 'j']);
  expect([labels.ofKey(3), labels.ofKey(9), labels.keyOf('i'), labels.keyOf('j')]).toEqual([
    'calc',
    'i',
    '9',
    '',
  ]);
});

test('the colour of an ROI wins over that of its label, and no label means the usual one', () => {
  const book = new RoiBook();
  book.labels.known = ['mass', 'cyst'];
  const roi = { ...bareRoi(POINT, 'all'), label: 'cyst' };
  const [mass, cyst] = ['mass', 'cyst'].map((label) => book.colorOf({ ...roi, label }));
  expect(mass).toMatch(/^#[0-9a-f]{6}$/);
  expect(cyst).not.toBe(mass);
  expect(book.colorOf({ ...roi, color: '#010203' })).toBe('#010203');
  expect(book.colorOf({ ...roi, label: '' })).toBe('');
});

test('hidden layers and low scores are not seen, and what has no score is', () => {
  const book = new RoiBook();
  const at = { file: 0, frame_index: 0 };
  const rois = [
    { ...bareRoi(POINT, 'all' as const), id: 'truth' },
    { ...bareRoi(POINT, 'all' as const), id: 'high', group: 'model', score: 0.9 },
    { ...bareRoi(POINT, 'all' as const), id: 'low', group: 'model', score: 0.3 },
  ];
  const seen = () => book.seenOn(at).map(({ roi }) => roi.id);
  book.add(0, rois);
  book.leastScore = 0.9;
  expect(seen()).toEqual(['truth', 'high']);
  book.layers.toggleShown('model');
  expect(seen()).toEqual(['truth']);
  book.layers.drawInto('model');
  expect(seen()).toEqual(['truth', 'high']);
});

test('a layer is read-only where each of its ROIs is, and what is drawn into has a line', () => {
  const book = new RoiBook();
  book.layers.make('second look');
  const roi = (group: string, locked: boolean) => ({ ...bareRoi(POINT, 'all'), group, locked });
  const rows = layerRows(
    [roi('model', true), roi('model', true), roi('mixed', true), roi('mixed', false)],
    book.layers,
  );
  expect(rows).toEqual([
    { name: '', count: 0, isReadOnly: false },
    { name: 'second look', count: 0, isReadOnly: false },
    { name: 'model', count: 2, isReadOnly: true },
    { name: 'mixed', count: 2, isReadOnly: false },
  ]);
});

test('a layer keeps what was asked of it under another name', () => {
  const { layers } = new RoiBook();
  layers.make('a');
  layers.toggleLocked('a');
  layers.toggleShown('a');
  layers.rename('a', 'b');
  expect([layers.target, layers.isLocked('b'), layers.isShown('b'), layers.made]).toEqual([
    'b',
    true,
    false,
    ['b'],
  ]);
  expect(layers.isShown('a')).toBe(true);
});
