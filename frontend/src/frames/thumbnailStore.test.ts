import { expect, test, vi } from 'vitest';

import { ApiError } from '../api/apiError';
import type { Client } from '../api/client';
import { ThumbnailStore, type Thumbnail } from './thumbnailStore';

type Ask = Client['thumbnail'];

/** A server whose answers come when told to. */
function controlled(budgetBytes?: number) {
  const open = new Map<number, { resolve: (blob: Blob) => void; reject: (why: Error) => void }>();
  const asked: string[] = [];
  const aborted: number[] = [];
  const thumbnail: Ask = ({ file, frame_index }, size_px, signal) =>
    new Promise((resolve, reject) => {
      asked.push(`${String(file)}/${String(frame_index)}@${String(size_px)}`);
      open.set(file, { resolve, reject });
      signal.addEventListener('abort', () => {
        aborted.push(file);
        reject(signal.reason as Error);
      });
    });
  const store = new ThumbnailStore({ thumbnail }, budgetBytes);
  const load = (file: number, signal = new AbortController().signal): Promise<Thumbnail> =>
    store.load({ file, frame_index: 0 }, 40, signal);
  async function answer(file: number, result: Blob | Error = new Blob(['x'.repeat(10)])) {
    await settle();
    if (result instanceof Error) open.get(file)?.reject(result);
    else open.get(file)?.resolve(result);
    await settle();
  }
  return { store, asked, aborted, load, answer };
}

const settle = () => new Promise((resolve) => setTimeout(resolve));

test('four are fetched at a time, the others in the order of asking', async () => {
  const { asked, load, answer } = controlled();
  for (let file = 0; file < 7; file++) void load(file);
  await settle();
  expect(asked).toEqual(['0/0@40', '1/0@40', '2/0@40', '3/0@40']);
  await answer(2);
  expect(asked.slice(4)).toEqual(['4/0@40']);
});

test('who has gone while waiting is never asked for, and does not hold up the next', async () => {
  const { asked, load, answer } = controlled();
  for (let file = 0; file < 4; file++) void load(file);
  const gone = new AbortController();
  const left = load(4, gone.signal);
  void load(5);
  gone.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  await answer(0);
  expect(asked.slice(4)).toEqual(['5/0@40']);
});

test('a request that nobody wants any more is aborted and makes room', async () => {
  const { asked, aborted, load } = controlled();
  const gone = new AbortController();
  const left = load(0, gone.signal);
  for (let file = 1; file < 5; file++) void load(file);
  await settle();
  gone.abort();
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  await settle();
  expect([aborted, asked.at(-1)]).toEqual([[0], '4/0@40']);
});

test('a picture is fetched once for its size', async () => {
  const { store, asked, load, answer } = controlled();
  const first = load(0);
  await answer(0);
  expect(await load(0)).toBe(await first);
  void store.load({ file: 0, frame_index: 0 }, 80, new AbortController().signal);
  await settle();
  expect(asked).toEqual(['0/0@40', '0/0@80']);
});

test('pictures seen longest ago leave when the budget is spent', async () => {
  const { store, load, answer } = controlled(25);
  for (const file of [0, 1, 2]) {
    void load(file);
    await answer(file);
  }
  expect([0, 1, 2].map((file) => store.peek({ file, frame_index: 0 }, 40) !== undefined)).toEqual([
    false,
    true,
    true,
  ]);
});

test('a frame that cannot be decoded is not asked for again, a server that was away is', async () => {
  const { asked, load, answer } = controlled();
  const damaged = load(0);
  await answer(0, new ApiError('damaged', 'decode_failed', 422));
  expect(await damaged).toMatchObject({ code: 'decode_failed' });
  expect(await load(0)).toMatchObject({ code: 'decode_failed' });
  const away = load(1);
  await answer(1, new ApiError('away', 'unreachable', 0));
  expect(await away).toMatchObject({ code: 'unreachable' });
  void load(1);
  await settle();
  expect(asked).toEqual(['0/0@40', '1/0@40', '1/0@40']);
});

test('a server with too much to do is asked again later', async () => {
  vi.useFakeTimers();
  try {
    let count = 0;
    const store = new ThumbnailStore({
      thumbnail: () => {
        count += 1;
        return count === 1
          ? Promise.reject(new ApiError('too much to do', 'busy', 503))
          : Promise.resolve(new Blob(['picture']));
      },
    });
    const loading = store.load({ file: 0, frame_index: 0 }, 40, new AbortController().signal);
    await vi.advanceTimersByTimeAsync(2_000);
    expect(await loading).toBeInstanceOf(Blob);
    expect(count).toBe(2);
  } finally {
    vi.useRealTimers();
  }
});
