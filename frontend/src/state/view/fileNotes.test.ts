import { afterEach, expect, test, vi } from 'vitest';

import type { FileInfo } from '../../api/types.gen';
import { FileNotes } from './fileNotes.svelte';

afterEach(() => {
  vi.useRealTimers();
});

test('only a file that stays is asked for, and once', async () => {
  vi.useFakeTimers();
  const asked: number[] = [];
  const notes = new FileNotes({
    info: (file) => {
      asked.push(file);
      return Promise.resolve({ lossy: `JPEG of ${String(file)}` } as FileInfo);
    },
  });
  for (const file of [1, 2, 3]) void notes.show(file);
  await vi.advanceTimersByTimeAsync(200);
  expect([asked, notes.lossy]).toEqual([[3], 'JPEG of 3']);
  void notes.show(4);
  expect(notes.lossy).toBe('');
  await vi.advanceTimersByTimeAsync(200);
  void notes.show(3);
  expect([asked, notes.lossy]).toEqual([[3, 4], 'JPEG of 3']);
});

test('a file that could not be asked for is asked for again', async () => {
  vi.useFakeTimers();
  let count = 0;
  const notes = new FileNotes({
    info: () => {
      count += 1;
      return Promise.reject(new Error('gone'));
    },
  });
  void notes.show(1);
  await vi.advanceTimersByTimeAsync(200);
  void notes.show(1);
  await vi.advanceTimersByTimeAsync(200);
  expect([count, notes.lossy]).toEqual([2, '']);
});
