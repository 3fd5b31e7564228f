import { expect, test } from 'vitest';

import { roiSaving } from './roiSaving';

const NOTHING = {
  unsentFiles: 0,
  refusedFiles: 0,
  savedIn: null,
  saveError: '',
  unsavedFiles: 0,
  overview: new Map<number, { count: number }>(),
};

const TWO = new Map([[0, { count: 2 }]]);

function said(parts: Partial<Parameters<typeof roiSaving>[0]>, isConnected = true): string {
  return roiSaving({ ...NOTHING, ...parts }, isConnected)?.text ?? 'nothing';
}

test('where nothing was drawn nothing is said', () => {
  expect(said({})).toBe('nothing');
  expect(said({ savedIn: '/data/truth.json' })).toBe('nothing');
});

test('ROIs that were read or exported, and not edited since, are no worry', () => {
  expect(said({ overview: TWO })).toBe('nothing');
});

test('what is in memory alone is told, and what is saved where', () => {
  expect(said({ overview: TWO, unsavedFiles: 1 })).toBe('Edits in memory, not exported');
  expect(said({ overview: TWO, savedIn: '/data/truth.json' })).toBe('Edits saved in truth.json');
});

test('an ROI that was removed is saved, too', () => {
  expect(
    said({ savedIn: 'truth.json', overview: new Map([[0, { count: 0 }]]), unsavedFiles: 1 }),
  ).toBe('Edits saved in truth.json');
});

test('what goes wrong comes first', () => {
  const saveError = 'No space left on device';
  expect(said({ savedIn: 'truth.json', saveError, unsavedFiles: 1 })).toBe(
    'Edits not saved, trying again',
  );
  expect(said({ unsentFiles: 3 })).toBe('Sending ROIs of 3 files');
  expect(said({ unsentFiles: 3, saveError }, false)).toBe('ROIs not sent');
  expect(said({ unsentFiles: 3, refusedFiles: 1 })).toBe('ROIs not accepted');
});
