import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { Client } from '../../api/client';
import type { TagComparison } from '../../api/types.gen';
import { BASE, failure, json, serve } from '../../testing/server';
import { TagCompare } from './tagCompare.svelte';
import type { Partner, Spot } from './tagPartners';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const spot = (file: number): Spot => ({ ref: { file, frame_index: 0 }, label: String(file) });
const partner = (id: string, file: number): Partner => ({ id, name: id, spot: spot(file) });

const nothing: TagComparison = {
  same: 0,
  changed: 0,
  only_first: 0,
  only_second: 0,
  truncated: false,
  rows: [],
};

function make(): TagCompare {
  return new TagCompare(new Client({ base: BASE, token: null }), () => undefined);
}

test('a neighbour comes second, what was pinned first', () => {
  const compare = make();
  const neighbours = [partner('previous', 1), partner('next', 3)];
  expect(compare.pair(spot(2), neighbours)).toEqual({ first: spot(2), second: spot(3) });
  compare.pin(spot(2));
  const partners = [...neighbours, partner('pinned', 2)];
  expect(compare.pair(spot(5), partners)).toEqual({ first: spot(2), second: spot(5) });
});

test('where the chosen partner is gone, another takes its place', () => {
  const compare = make();
  expect(compare.pair(spot(9), [partner('previous', 8)])?.second).toEqual(spot(8));
  expect(compare.pair(spot(9), [])).toBeNull();
});

test('pairs that fly past are not compared', async () => {
  const asked = serve(() => json(nothing));
  const compare = make();
  for (let file = 0; file < 9; file++) {
    void compare.show({ first: spot(file), second: spot(file + 1) });
  }
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['api/tags/compare?first=8&second=9&first_frame=0&second_frame=0']);
});

test('a failure takes the place of the comparison until the pair is asked for again', async () => {
  let isGone = true;
  serve(() => (isGone ? failure('gone', 'file_gone', 404) : json(nothing)));
  const compare = make();
  const pair = { first: spot(0), second: spot(1) };
  void compare.show(pair);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([compare.failure?.code, compare.comparison]).toEqual(['file_gone', null]);
  isGone = false;
  compare.resume();
  await vi.advanceTimersByTimeAsync(1_000);
  expect([compare.failure, compare.comparison]).toEqual([null, nothing]);
});
