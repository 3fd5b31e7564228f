import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { FrameRef } from '../../dicom/frameRef';
import { detail, series } from '../../testing/server';
import { Scrub } from './scrub.svelte';
import { SeriesContent } from '../view/seriesContent';

beforeEach(() => {
  vi.useFakeTimers();
  vi.stubGlobal('URL', { createObjectURL: () => 'blob:x', revokeObjectURL: () => undefined });
});
afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

/** A series of ten frames, and a server that answers when told to. */
function scrubbing() {
  const asked: number[] = [];
  const aborted: number[] = [];
  let answer: () => void = () => undefined;
  const content = new SeriesContent(detail(series(0), [...Array(10).keys()]));
  const fetched: number[] = [];
  const scrub = new Scrub(
    {
      fetch: (index: number) => {
        fetched.push(index);
        return Promise.resolve(content);
      },
      keep: () => undefined,
    },
    {
      peek: () => undefined,
      load: ({ file }: FrameRef, _size: number, signal: AbortSignal) =>
        new Promise((resolve, reject) => {
          asked.push(file);
          answer = () => resolve(new Blob(['x']));
          signal.addEventListener('abort', () => {
            aborted.push(file);
            reject(signal.reason as Error);
          });
        }),
    },
  );
  async function arrive() {
    answer();
    await vi.advanceTimersByTimeAsync(0);
  }
  return { scrub, asked, aborted, fetched, arrive };
}

test('who only passes over a cell asks for nothing', async () => {
  const { scrub, fetched } = scrubbing();
  scrub.move(0, 0.5, 128);
  await vi.advanceTimersByTimeAsync(50);
  scrub.leave();
  await vi.advanceTimersByTimeAsync(500);
  expect(fetched).toEqual([]);
});

test('the frame under the pointer is shown, from the first at the left to the last at the right', async () => {
  const { scrub, asked, arrive } = scrubbing();
  scrub.move(0, 0, 128);
  await vi.advanceTimersByTimeAsync(100);
  await arrive();
  expect(scrub.shown).toMatchObject({ position: 0, count: 10 });
  scrub.move(0, 0.55, 128);
  await vi.advanceTimersByTimeAsync(0);
  await arrive();
  expect(scrub.shown?.position).toBe(5);
  scrub.move(0, 1, 128);
  await vi.advanceTimersByTimeAsync(0);
  await arrive();
  expect([scrub.shown?.position, scrub.view.url, asked]).toEqual([9, 'blob:x', [0, 5, 9]]);
});

test('on a slow line one frame is asked for at a time, and frames passed meanwhile are left out', async () => {
  const { scrub, asked, arrive } = scrubbing();
  scrub.move(0, 0, 128);
  await vi.advanceTimersByTimeAsync(100);
  for (const fraction of [0.15, 0.25, 0.35, 0.75]) scrub.move(0, fraction, 128);
  await vi.advanceTimersByTimeAsync(50);
  expect(asked).toEqual([0]);
  await arrive();
  expect(asked).toEqual([0, 7]);
});

test('a pointer that rests asks for nothing more', async () => {
  const { scrub, asked, arrive } = scrubbing();
  scrub.move(0, 0.2, 128);
  await vi.advanceTimersByTimeAsync(100);
  await arrive();
  scrub.move(0, 0.21, 128);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(asked).toEqual([2]);
});

test('leaving the cell aborts what is on its way and takes the picture back', async () => {
  const { scrub, aborted, arrive } = scrubbing();
  scrub.move(0, 0, 128);
  await vi.advanceTimersByTimeAsync(100);
  await arrive();
  scrub.move(0, 0.9, 128);
  await vi.advanceTimersByTimeAsync(0);
  scrub.leave();
  expect([aborted.at(-1), scrub.shown, scrub.series, scrub.view.url]).toEqual([
    9,
    null,
    null,
    null,
  ]);
});
