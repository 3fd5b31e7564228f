import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { ApiError } from '../../api/apiError';
import type { FrameRef } from '../../dicom/frameRef';
import type { Thumbnail } from '../../frames/thumbnailStore';
import { ThumbnailView } from './thumbnailView.svelte';

const kept: string[] = [];

beforeEach(() => {
  vi.useFakeTimers();
  kept.length = 0;
  let count = 0;
  vi.stubGlobal('URL', {
    createObjectURL: () => {
      kept.push(`blob:${String((count += 1))}`);
      return kept.at(-1);
    },
    revokeObjectURL: (url: string) => kept.splice(kept.indexOf(url), 1),
  });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A view over answers that are there at once, one after the other. */
function viewOf(...answers: Thumbnail[]) {
  const asked: number[] = [];
  const view = new ThumbnailView({
    peek: () => undefined,
    load: ({ file }: FrameRef) => {
      asked.push(file);
      return Promise.resolve(answers.shift() ?? new Blob(['x']));
    },
  });
  return { view, asked };
}

const frame = (file: number) => ({ file, frame_index: 0 });

test('what scrolls by is not asked for', async () => {
  const { view, asked } = viewOf();
  for (let file = 0; file < 5; file++) {
    const end = view.show(frame(file), 44);
    await vi.advanceTimersByTimeAsync(60);
    if (file < 4) end();
  }
  expect(asked).toEqual([]);
  await vi.advanceTimersByTimeAsync(60);
  expect([asked, view.url]).toEqual([[4], 'blob:1']);
});

test('the picture before stays until the next is there, and is let go when it has been read', async () => {
  const { view } = viewOf();
  view.show(frame(0), 44);
  await vi.advanceTimersByTimeAsync(150);
  view.show(frame(1), 44);
  expect(view.url).toBe('blob:1');
  await vi.advanceTimersByTimeAsync(150);
  expect([view.url, kept]).toEqual(['blob:2', ['blob:1', 'blob:2']]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(kept).toEqual(['blob:2']);
  view.dispose();
  expect([view.url, kept]).toEqual([null, ['blob:2']]);
  await vi.advanceTimersByTimeAsync(10_000);
  expect(kept).toEqual([]);
});

test('a picture that is known is there at once', () => {
  const view = new ThumbnailView({
    peek: () => new Blob(['x']),
    load: () => Promise.reject(new Error('not asked')),
  });
  view.show(frame(0), 44);
  expect(view.url).toBe('blob:1');
});

test('a frame that cannot be shown says why, a server that is away is tried again', async () => {
  const damaged = viewOf(new ApiError('decoder gave up', 'decode_failed', 422));
  damaged.view.show(frame(0), 44);
  await vi.advanceTimersByTimeAsync(10_000);
  expect([damaged.view.failure?.message, damaged.asked]).toEqual(['decoder gave up', [0]]);
  const away = viewOf(new ApiError('away', 'unreachable', 0));
  away.view.show(frame(0), 44);
  await vi.advanceTimersByTimeAsync(1_000);
  expect([away.view.failure, away.view.url]).toEqual([null, null]);
  await vi.advanceTimersByTimeAsync(3_000);
  expect([away.asked, away.view.url]).toEqual([[0, 0], 'blob:1']);
});
