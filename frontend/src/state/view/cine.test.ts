/** Cine over a real viewer; time and frames are the test's. */
import { flushSync } from 'svelte';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { FileInfo } from '../../api/types.gen';
import type { FrameRef } from '../../dicom/frameRef';
import type { FrameResult } from '../../frames/frameStore';
import { detail, recipe, series, stack } from '../../testing/server';
import { Cine } from './cine.svelte';
import { SeriesContent } from './seriesContent';
import { Viewer } from './viewer.svelte';

/** Callbacks that wait for the next animation frame. */
let callbacks: (() => void)[] = [];
let now_ms = 0;

beforeEach(() => {
  callbacks = [];
  now_ms = 0;
  vi.stubGlobal('requestAnimationFrame', (callback: () => void) => callbacks.push(callback));
  vi.spyOn(performance, 'now').mockImplementation(() => now_ms);
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function loaded(ref: FrameRef): FrameResult {
  const stored = {
    samples: Int16Array.of(0, 0),
    rows: 1,
    columns: 2,
    samples_per_pixel: 1,
    bits_stored: 16,
    photometric_interpretation: 'MONOCHROME2',
    truncated: false,
  };
  return { ref, rows: 1, columns: 2, stored, recipe: recipe(), bitmap: null };
}

/** Six frames of one file; those in `missing` do not come. */
function opened(info: Partial<FileInfo> = {}, missing = new Set<number>()) {
  const named: number[][] = [];
  const store = {
    show: (refs: readonly FrameRef[]) => {
      named.push(refs.map(({ frame_index }) => frame_index));
      return new Promise<FrameResult>(() => undefined);
    },
    peek: (ref: FrameRef) => (missing.has(ref.frame_index) ? undefined : loaded(ref)),
    glimpse: () => undefined,
    isReady: (ref: FrameRef) => !missing.has(ref.frame_index),
    onArrival: () => undefined,
    preview: () => Promise.reject(new Error('no preview')),
    forget: () => undefined,
  };
  const refs = Array.from({ length: 6 }, (_, frame_index) => ({ file: 0, frame_index }));
  const content = new SeriesContent(detail(series(0), [0], [stack(refs)]));
  const viewer = new Viewer(store, () => undefined);
  const client = {
    info: () =>
      Promise.resolve({
        frame_rate: null,
        frame_rate_source: '',
        frame_times_ms: [],
        ...info,
      } as unknown as FileInfo),
  };
  const cine = new Cine(viewer, client);
  const [first] = content.stacks;
  if (first === undefined) throw new Error('no stack');
  viewer.open(content, first);
  cine.drawn();
  return { viewer, cine, named, stack: first };
}

/** Lets time go by in steps of a screen with 100 pictures a second; gives the positions that were drawn. */
function elapse(viewer: Viewer, cine: Cine, duration_ms: number): number[] {
  cine.drawn();
  const drawn: number[] = [];
  for (const end_ms = now_ms + duration_ms; now_ms < end_ms;) {
    now_ms += 10;
    for (const callback of callbacks.splice(0)) callback();
    flushSync();
    cine.drawn();
    if (drawn.at(-1) !== viewer.shownPosition) drawn.push(viewer.shownPosition);
  }
  return drawn;
}

test('frames come at the rate of the file, and stop', async () => {
  const { viewer, cine, stack: played } = opened({ frame_rate: 20, frame_rate_source: 'CineRate' });
  await cine.meet(played);
  expect([cine.fps, cine.paceSource]).toEqual([20, 'CineRate']);
  cine.toggle();
  expect(elapse(viewer, cine, 400)).toEqual([1, 2, 3, 4, 5, 0, 1, 2]);
  cine.toggle();
  expect(elapse(viewer, cine, 400)).toEqual([2]);
});

test('where the file says nothing there are ten a second, and a typed rate holds', async () => {
  const { viewer, cine, stack: played } = opened();
  await cine.meet(played);
  expect(cine.fps).toBe(10);
  cine.fps = 100;
  expect(cine.fps).toBe(60);
  cine.fps = 25;
  cine.play();
  expect(elapse(viewer, cine, 120)).toEqual([1, 2, 3]);
  await cine.meet(null);
  expect([cine.fps, cine.isPlaying]).toEqual([10, false]);
});

test('to stop and play again at once begins no second clock', () => {
  const { cine } = opened();
  cine.play();
  cine.pause();
  cine.play();
  expect(callbacks).toHaveLength(1);
});

test('frames stand as long as the file says of each', async () => {
  const times = { frame_rate: 10, frame_times_ms: [50, 50, 200, 100, 100, 100] };
  const { viewer, cine, stack: played } = opened(times);
  await cine.meet(played);
  cine.play();
  expect(elapse(viewer, cine, 60)).toEqual([1, 2]);
  expect(elapse(viewer, cine, 190)).toEqual([2]);
  expect(elapse(viewer, cine, 20)).toEqual([3]);
});

test('a frame that is not there yet is waited for, never skipped', () => {
  const missing = new Set([2]);
  const { viewer, cine } = opened({}, missing);
  cine.play();
  expect(elapse(viewer, cine, 1000)).toEqual([1]);
  expect(viewer.position).toBe(2);
  missing.clear();
  viewer.retry();
  expect(elapse(viewer, cine, 90)).toEqual([2]);
  expect(elapse(viewer, cine, 20)).toEqual([3]);
});

test('the frame store hears of the frames in the order in which they are played', () => {
  const { viewer, cine, named } = opened();
  viewer.goToPosition(4);
  cine.play();
  elapse(viewer, cine, 20);
  expect(named.at(-1)).toEqual([5, 0, 1, 2, 3, 4]);
});

test('a range is kept to, back and forth', () => {
  const { viewer, cine } = opened();
  viewer.goToPosition(1);
  cine.startHere();
  viewer.goToPosition(3);
  cine.endHere();
  expect(cine.range).toEqual({ first: 1, last: 3 });
  cine.mode = 'sweep';
  cine.play();
  expect(elapse(viewer, cine, 800)).toEqual([2, 1, 2, 3, 2, 1, 2, 3]);
  expect(cine.round).toEqual([1, 2, 3, 2]);
});

test('a start behind the end of the range frees its end', () => {
  const { viewer, cine } = opened();
  viewer.goToPosition(2);
  cine.endHere();
  viewer.goToPosition(4);
  cine.startHere();
  expect(cine.range).toEqual({ first: 4, last: 5 });
  cine.playAll();
  expect([cine.hasRange, cine.range]).toEqual([false, { first: 0, last: 5 }]);
});

test('a step by hand stops the cine', () => {
  const { viewer, cine } = opened();
  cine.play();
  elapse(viewer, cine, 100);
  viewer.step(1);
  expect(elapse(viewer, cine, 500)).toEqual([2]);
  expect(cine.isPlaying).toBe(false);
});

test('once ends at the end, and begins at the beginning', () => {
  const { viewer, cine } = opened();
  viewer.goToPosition(4);
  cine.mode = 'once';
  cine.play();
  expect(elapse(viewer, cine, 500)).toEqual([5]);
  expect(cine.isPlaying).toBe(false);
  cine.play();
  expect(elapse(viewer, cine, 250)[0]).toBe(0);
});

test('the real rate is counted from what was drawn', () => {
  const { viewer, cine } = opened();
  cine.play();
  expect(cine.rate).toBeNull();
  elapse(viewer, cine, 1000);
  expect(cine.rate).toBeCloseTo(10, 0);
  cine.pause();
  expect(cine.rate).toBeNull();
});

test('values of a dimension are played at one position', () => {
  const refs = Array.from({ length: 6 }, (_, frame_index) => ({ file: 0, frame_index }));
  const change = {
    key: 'phases',
    position_index: [0, 1, 0, 1, 0, 1],
    dimension_index: [0, 0, 1, 1, 2, 2],
    dimension: { name: 'Phase', unit: '', values: ['1', '2', '3'] },
  };
  const content = new SeriesContent(detail(series(0), [0], [stack(refs, change)]));
  const { viewer, cine } = opened();
  const [phases] = content.stacks;
  if (phases === undefined) throw new Error('no stack');
  viewer.open(content, phases);
  cine.drawn();
  viewer.goToPosition(1);
  cine.isAlongValues = true;
  cine.play();
  const shown: string[] = [];
  for (let step = 0; step < 4; step++) {
    elapse(viewer, cine, 100);
    shown.push(viewer.shownKey);
  }
  expect(shown).toEqual(['0/3', '0/5', '0/1', '0/3']);
});
