import { expect, test } from 'vitest';

import { ApiError } from '../api/apiError';
import { Client } from '../api/client';
import { BASE, failure, json, rawFrame, recipe, serve } from '../testing/server';
import { FrameStore, type FrameResult } from './frameStore';

const stack = Array.from({ length: 40 }, (_, file) => ({ file, frame_index: 0 }));

function store(): FrameStore {
  return new FrameStore(new Client({ base: BASE, token: null }));
}

function serveFrames(): string[] {
  return serve((path) =>
    path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 1, 2, 3, 4, 5]),
  );
}

function loaded(result: FrameResult) {
  if (result instanceof ApiError) throw result;
  return result;
}

async function settled(asked: readonly string[], count: number): Promise<void> {
  while (asked.length < count) await new Promise((resolve) => setTimeout(resolve));
}

test('a frame comes with its samples and its recipe', async () => {
  serveFrames();
  const { stored, recipe: steps } = loaded(await store().show(stack, 0, 1));
  expect(Array.from(stored.samples)).toEqual([0, 1, 2, 3, 4, 5]);
  expect(steps.unit).toBe('HU');
});

test('a recipe is fetched once for all frames that share it', async () => {
  const asked = serveFrames();
  const frames = store();
  await frames.show(stack, 10, 1);
  await settled(asked, 10);
  await frames.show(stack, 20, 1);
  expect(asked.filter((path) => path.endsWith('/recipe'))).toEqual(['api/file/10/frame/0/recipe']);
});

test('neighbours are there before they are asked for', async () => {
  const asked = serveFrames();
  const frames = store();
  await frames.show(stack, 10, 1);
  await settled(asked, 10);
  await new Promise((resolve) => setTimeout(resolve));
  expect(frames.peek({ file: 11, frame_index: 0 })).toBeDefined();
  expect(frames.peek({ file: 16, frame_index: 0 })).toBeDefined();
  expect(frames.peek({ file: 17, frame_index: 0 })).toBeUndefined();
});

test('a frame that cannot be decoded is asked for once, until somebody tries again', async () => {
  const asked = serve(() => failure('damaged', 'decode_failed', 422));
  const frames = store();
  const only = stack.slice(0, 1);
  expect(await frames.show(only, 0, 1)).toMatchObject({ code: 'decode_failed' });
  await frames.show(only, 0, 1);
  expect(asked).toHaveLength(1);
  frames.forget({ file: 0, frame_index: 0 });
  await frames.show(only, 0, 1);
  expect(asked).toHaveLength(2);
});

test('a server that was away for a moment is asked again', async () => {
  const asked = serve(() => Promise.reject(new TypeError('Failed to fetch')));
  const frames = store();
  const only = stack.slice(0, 1);
  expect(await frames.show(only, 0, 1)).toMatchObject({ code: 'unreachable' });
  await frames.show(only, 0, 1);
  expect(asked).toHaveLength(2);
});
