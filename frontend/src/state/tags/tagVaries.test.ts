import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Client } from '../../api/client';
import type { TagVariation } from '../../api/types.gen';
import { BASE, failure, json, serve } from '../../testing/server';
import { TagVaries } from './tagVaries.svelte';
import type { Scope } from './varyScopes';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const series = (index: number, count = 3): Scope => ({
  id: 'series',
  name: '',
  over: { series: String(index) },
  count,
});

const nothing: TagVariation = {
  by: 'file',
  files: [],
  frames: [],
  asked: 0,
  truncated: false,
  note: '',
  unread: [],
  constant: [],
  varying: [],
};

const settled = () => vi.advanceTimersByTimeAsync(1_000);

function make(): TagVaries {
  return new TagVaries(new Client({ base: BASE, token: null }), () => undefined);
}

test('a series is read once, and again when it has grown', async () => {
  const asked = serve(() => json(nothing));
  const varies = make();
  for (const count of [3, 3, 4]) {
    void varies.show(series(1, count));
    await settled();
  }
  expect(asked).toEqual(['api/tags/varying?series=1', 'api/tags/varying?series=1']);
});

test('of series that fly past only the last is read, and none is shown for another', async () => {
  const asked = serve(() => json(nothing));
  const varies = make();
  void varies.show(series(0));
  await settled();
  for (const index of [1, 2, 3]) void varies.show(series(index));
  expect(varies.variation).toBeNull();
  await settled();
  expect(asked.slice(1)).toEqual(['api/tags/varying?series=3']);
});

test('a choice that cannot be read asks for nothing', async () => {
  const asked = serve(() => json(nothing));
  const varies = make();
  void varies.show({ id: 'chosen', name: '', over: null, count: 0 });
  await settled();
  expect(asked).toEqual([]);
});

test('the scope that was chosen is kept where there is one', () => {
  const varies = make();
  const frames: Scope = { id: 'frames', name: '', over: { file: '4' }, count: 1 };
  expect(varies.scope([frames, series(1)])).toBe(frames);
  varies.choose('frames');
  expect(varies.scope([series(1), frames])).toBe(frames);
  expect(varies.scope([series(1)])?.id).toBe('series');
});

test('a failure is said and made good', async () => {
  let isGone = true;
  serve(() => (isGone ? failure('too much', 'busy', 422) : json(nothing)));
  const varies = make();
  void varies.show(series(1));
  await settled();
  expect(varies.failure?.code).toBe('busy');
  isGone = false;
  varies.resume();
  await settled();
  expect([varies.failure, varies.variation]).toEqual([null, nothing]);
});
