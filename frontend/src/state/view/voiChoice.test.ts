import { expect, test } from 'vitest';

import { recipe } from '../../testing/server';
import { optionKey, voiOptions, voiQuery } from './voiChoice';

const WINDOW = recipe().voi[0] as Extract<ReturnType<typeof recipe>['voi'][0], { kind: 'window' }>;

test('a file without windows offers what its values suggest', () => {
  const options = voiOptions(recipe({ voi: [], unit: 'US' }), { kind: 'default' });
  expect(options.map(({ label }) => label)).toEqual([
    '1st to 99th percentile',
    'Full dynamic range',
  ]);
});

test('presets are on offer for Hounsfield units', () => {
  const options = voiOptions(recipe({ unit: 'HU' }), { kind: 'default' });
  expect(options.filter(({ group }) => group === 'CT presets')).toHaveLength(8);
});

test('a choice that the next frame does not have falls back to its default', () => {
  const third = { kind: 'file', index: 2 } as const;
  expect(optionKey(third, recipe({ voi: [WINDOW] }))).toBe('file-0');
  expect(optionKey(third, recipe({ voi: [WINDOW, WINDOW, WINDOW] }))).toBe('file-2');
});

test('a choice that is not for a frame is no query of it', () => {
  const inHu = recipe({ unit: 'HU', voi: [WINDOW] });
  const inCounts = recipe({ unit: 'CNTS', voi: [WINDOW] });
  const custom = { kind: 'custom', window: WINDOW, unit: 'HU' } as const;
  expect(voiQuery(custom, inHu)).toMatchObject({ wc: '40' });
  expect(voiQuery(custom, inCounts)).toEqual({});
  expect(voiQuery({ kind: 'preset', name: 'lung' }, inCounts)).toEqual({});
  expect(voiQuery({ kind: 'file', index: 1 }, inHu)).toEqual({});
  expect(voiQuery({ kind: 'percentile' }, inCounts)).toEqual({ mode: 'percentile' });
});

test('each choice is a query that the server knows', () => {
  expect(voiQuery({ kind: 'default' })).toEqual({});
  expect(voiQuery({ kind: 'file', index: 2 })).toEqual({ voi: '2' });
  expect(voiQuery({ kind: 'full' })).toEqual({ mode: 'full_dynamic' });
  expect(voiQuery({ kind: 'custom', window: WINDOW })).toEqual({
    wc: '40',
    ww: '400',
    function: 'LINEAR',
  });
  expect(voiQuery({ kind: 'percentile' })).toEqual({ mode: 'percentile' });
  expect(voiQuery({ kind: 'preset', name: 'lung' })).toEqual({
    wc: '-600',
    ww: '1500',
    function: 'LINEAR',
  });
});
