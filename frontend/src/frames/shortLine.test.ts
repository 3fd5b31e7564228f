import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ApiError } from '../api/apiError';
import { Client } from '../api/client';
import type { FrameRef } from '../dicom/frameRef';
import {
  BASE,
  batchEntry,
  batchFailure,
  batchRefs,
  json,
  rawFrame,
  recipe,
  serve,
} from '../testing/server';
import { FrameCache } from './frameCache';
import { FrameStore, type LoadedFrame, type ReducedFrame } from './frameStore';

// Time passes only where a test says so: who travels must not be taken for one who rests.
beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const SIDE = 192;
const stack = Array.from({ length: 40 }, (_, file) => ({ file, frame_index: 0 }));

function headers(side: number): Record<string, string> {
  return {
    'x-frame-rows': String(side),
    'x-frame-columns': String(side),
    'x-frame-full-rows': String(SIDE),
    'x-frame-full-columns': String(SIDE),
    'x-frame-reduction': String(SIDE / side),
  };
}

function samples(side: number): number[] {
  return new Array<number>(side * side).fill(7);
}

/** A server of frames of 192 x 192; reduced ones are half as large. */
function serveFrames(entry: (ref: FrameRef, side: number) => Uint8Array<ArrayBuffer>): string[] {
  return serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    if (!path.startsWith('api/frames/raw?')) {
      return rawFrame(samples(SIDE), 'r1', headers(SIDE));
    }
    const side = path.includes('size=') ? SIDE / 2 : SIDE;
    return new Response(new Blob(batchRefs(path).map((ref) => entry(ref, side))));
  });
}

const good = (ref: FrameRef, side: number) => batchEntry(ref, samples(side), 'r1', headers(side));

/** A store that has shown the first frame; the line brings ten frames a second. */
async function opened() {
  const cache = new FrameCache();
  const frames = new FrameStore(new Client({ base: BASE, token: null }), cache);
  const arrived: (LoadedFrame | ReducedFrame)[] = [];
  frames.onArrival = (frame) => arrived.push(frame);
  cache.throughput.note({ bytes: 2 * SIDE * SIDE, seconds: 0.1, kind: 'full' });
  await frames.show(stack, 0, 1);
  return { frames, arrived };
}

/** Turns of the event loop in which all that is on its way arrives. */
const MANY_TURNS = 500;

/** Lets arrive what is on its way. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < MANY_TURNS; turn++) await new Promise((done) => setImmediate(done));
}

/** Lets time pass, and arrive what was asked for meanwhile. */
async function rest(duration_ms: number): Promise<void> {
  await vi.advanceTimersByTimeAsync(duration_ms);
  await settle();
}

/** More than a journey lasts after its last step. */
const LONG_MS = 1_000;

const isFull = (path: string) => path.includes('/raw') && !path.includes('size=');
const isReduced = (path: string) => path.includes('size=');

test('who rests gets reduced frames of the whole stack, then full ones', async () => {
  const asked = serveFrames(good);
  const { frames, arrived } = await opened();
  await rest(LONG_MS);
  expect(frames.peek({ file: 30, frame_index: 0 })).toHaveProperty('stored');
  const firstFull = asked.findIndex((path) => path.startsWith('api/frames/raw') && isFull(path));
  const reduced = asked.filter(isReduced);
  expect(reduced.flatMap(batchRefs)).toHaveLength(39);
  expect(asked.slice(0, firstFull)).toEqual(expect.arrayContaining(reduced));
  expect(arrived.filter((frame) => 'reduction' in frame)).toHaveLength(39);
});

test('a reduced frame has the size of the whole one and says how much it is reduced', async () => {
  serveFrames(good);
  const { frames } = await opened();
  await settle();
  const glimpse = frames.glimpse({ file: 1, frame_index: 0 });
  expect(glimpse).toMatchObject({ rows: SIDE, columns: SIDE, reduction: 2 });
  expect(glimpse?.stored).toMatchObject({ rows: SIDE / 2, columns: SIDE / 2 });
});

test('who travels asks for reduced frames alone, and for the full one when he rests', async () => {
  const asked = serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    if (!path.startsWith('api/frames/raw?')) return rawFrame(samples(SIDE), 'r1', headers(SIDE));
    if (isFull(path)) return new Promise(() => undefined);
    return new Response(new Blob(batchRefs(path).map((ref) => good(ref, SIDE / 2))));
  });
  const { frames } = await opened();
  await settle();
  expect(asked.filter((path) => path.startsWith('api/frames/raw?')).some(isFull)).toBe(true);
  const before = asked.length;
  const shows: Promise<unknown>[] = [];
  for (let position = 1; position <= 8; position++) {
    await rest(20);
    shows.push(frames.show(stack, position, 1).catch(() => null));
  }
  await settle();
  expect(asked.slice(before).filter(isFull)).toEqual([]);
  expect(frames.isReady({ file: 20, frame_index: 0 })).toBe(true);
  expect(frames.peek({ file: 20, frame_index: 0 })).toBeUndefined();
  await rest(LONG_MS);
  expect(await shows.at(-1)).toHaveProperty('stored');
  expect(asked.slice(before).filter(isFull)[0]).toBe('api/file/8/frame/0/raw?encoding=planes');
});

test('a jump to where nothing is asks for the frame at once, reduced and whole', async () => {
  // The first batch never ends.
  const asked = serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.startsWith('api/frames/raw?')) return new Promise(() => undefined);
    return rawFrame(samples(SIDE), 'r1', headers(SIDE));
  });
  const { frames } = await opened();
  await rest(LONG_MS);
  const before = asked.length;
  await frames.show(stack, 39, 1);
  expect(asked.slice(before, before + 2)).toEqual([
    expect.stringMatching(/^api\/frames\/raw\?frames=39:0&encoding=planes&size=\d+$/),
    'api/file/39/frame/0/raw?encoding=planes',
  ]);
});

test('what cannot be reduced is a failure of the frame, and is not asked for again', async () => {
  const bad = { file: 3, frame_index: 0 };
  const asked = serveFrames((ref, side) =>
    ref.file === bad.file ? batchFailure(ref, 'damaged', 'decode_failed', 422) : good(ref, side),
  );
  const { frames } = await opened();
  await rest(LONG_MS);
  expect(frames.peek({ file: 30, frame_index: 0 })).toHaveProperty('stored');
  expect(frames.peek(bad)).toBeInstanceOf(ApiError);
  expect(asked.filter((path) => /\b3:0\b/.test(path))).toHaveLength(1);
});

test('a server that reduces nothing gives whole frames', async () => {
  serveFrames((ref) =>
    batchEntry(ref, samples(SIDE), 'r1', {
      'x-frame-rows': String(SIDE),
      'x-frame-columns': String(SIDE),
    }),
  );
  const { frames } = await opened();
  await rest(LONG_MS);
  expect(frames.peek({ file: 39, frame_index: 0 })).toHaveProperty('stored');
  expect(frames.glimpse({ file: 39, frame_index: 0 })).toBeUndefined();
});

test('on a long line nothing is reduced', async () => {
  const asked = serveFrames(good);
  const cache = new FrameCache();
  const frames = new FrameStore(new Client({ base: BASE, token: null }), cache);
  cache.throughput.note({ bytes: 2 * SIDE * SIDE, seconds: 0.005, kind: 'full' });
  await frames.show(stack, 0, 1);
  await rest(LONG_MS);
  expect(frames.peek({ file: 30, frame_index: 0 })).toHaveProperty('stored');
  expect(asked.filter(isReduced)).toEqual([]);
});

test('a large frame on a short line leaves the line to its preview', async () => {
  const asked = serveFrames(good);
  const { frames } = await opened();
  let arrive: (value: null) => void = () => undefined;
  const arrival = new Promise((resolve) => (arrive = resolve));
  const before = asked.length;
  const shown = frames.show([{ file: 99, frame_index: 0 }], 0, 1, { arrival, pixels: 1e7 });
  await rest(LONG_MS);
  const isAsked = () => asked.slice(before).some((path) => path.startsWith('api/file/99/'));
  expect(isAsked()).toBe(false);
  arrive(null);
  await shown;
  expect(isAsked()).toBe(true);
});
