import { expect, onTestFinished, test } from 'vitest';

import { ApiError } from '../api/apiError';
import { Client } from '../api/client';
import {
  BASE,
  batch,
  batchEntry,
  batchFailure,
  failure,
  json,
  rawFrame,
  recipe,
  serve,
} from '../testing/server';
import { eventually } from '../testing/waiting';
import { FrameCache } from './frameCache';
import { FrameStore, type FrameResult } from './frameStore';

const stack = Array.from({ length: 40 }, (_, file) => ({ file, frame_index: 0 }));

function store(): FrameStore {
  const frames = new FrameStore(new Client({ base: BASE, token: null }), new FrameCache());
  // What it would fetch ahead must not be asked of the next test's server.
  onTestFinished(() => {
    frames.stop();
  });
  return frames;
}

function serveFrames(): string[] {
  return serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return isBatch(path) ? batch(path, () => VALUES) : rawFrame(VALUES);
  });
}

const VALUES = [0, 1, 2, 3, 4, 5];

function isBatch(path: string): boolean {
  return path.startsWith('api/frames/raw?');
}

function loaded(result: FrameResult) {
  if (result instanceof ApiError) throw result;
  return result;
}

/** Waits until a file of the stack is there. */
async function fetched(frames: FrameStore, file: number): Promise<void> {
  await eventually(() => expect(frames.peek({ file, frame_index: 0 })).toBeDefined());
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
  await fetched(frames, 22);
  await frames.show(stack, 36, 1);
  expect(asked.filter((path) => path.endsWith('/recipe'))).toEqual(['api/file/10/frame/0/recipe']);
});

test('neighbours are there before they are asked for, in one answer', async () => {
  const asked = serveFrames();
  const frames = store();
  await frames.show(stack, 10, 1);
  await fetched(frames, 20);
  expect(asked.slice(0, 3)).toEqual([
    'api/file/10/frame/0/raw?encoding=planes',
    'api/file/10/frame/0/recipe',
    expect.stringMatching(/^api\/frames\/raw\?frames=11:0,9:0,12:0,8:0,13:0,.*&encoding=planes$/),
  ]);
});

test('frames that are there are left out of the next batch', async () => {
  const asked = serveFrames();
  const frames = store();
  await frames.show(stack, 10, 1);
  await fetched(frames, 0);
  await fetched(frames, 39);
  const count = asked.length;
  await frames.show(stack, 11, 1);
  expect(asked).toHaveLength(count);
});

test('a server without batches is asked for one frame at a time', async () => {
  const asked = serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return isBatch(path) ? failure('no such route', 'not_found', 404) : rawFrame(VALUES);
  });
  const frames = store();
  await frames.show(stack, 0, 1);
  await fetched(frames, 30);
  expect(asked.filter(isBatch)).toHaveLength(1);
});

test('a frame that a busy server drops from a batch is asked for when it is wanted', async () => {
  const busy = { file: 1, frame_index: 0 };
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    if (!isBatch(path)) return rawFrame(VALUES);
    return new Response(
      new Blob([
        batchFailure(busy, 'too much to do', 'busy', 503),
        batchEntry({ file: 2, frame_index: 0 }, VALUES),
      ]),
    );
  });
  const frames = store();
  await frames.show(stack.slice(0, 3), 0, 1);
  await fetched(frames, 2);
  expect(frames.peek(busy)).toBeUndefined();
  expect(await frames.show(stack.slice(0, 3), 1, 1)).toHaveProperty('stored');
});

test('what is fetched ahead says so, what is waited for does not', async () => {
  const priorities: [string, string | undefined][] = [];
  serve((path, { headers }) => {
    const sent = headers as Record<string, string>;
    priorities.push([path.replace(/\?.*/, ''), sent['X-Dcmview-Priority']]);
    if (path.endsWith('/recipe')) return json(recipe());
    return isBatch(path) ? batch(path, () => VALUES) : rawFrame(VALUES);
  });
  const frames = store();
  await frames.show(stack, 0, 1);
  await fetched(frames, 10);
  expect(priorities.slice(0, 3)).toEqual([
    ['api/file/0/frame/0/raw', undefined],
    ['api/file/0/frame/0/recipe', undefined],
    ['api/frames/raw', 'background'],
  ]);
});

test('a frame that cannot be decoded is asked for once, until somebody tries again', async () => {
  const asked = serve(() => failure('damaged', 'decode_failed', 422));
  const rawAsked = () => asked.filter((path) => path.includes('/raw'));
  const frames = store();
  const only = stack.slice(0, 1);
  expect(await frames.show(only, 0, 1)).toMatchObject({ code: 'decode_failed' });
  await frames.show(only, 0, 1);
  expect(rawAsked()).toHaveLength(1);
  frames.forget({ file: 0, frame_index: 0 });
  await frames.show(only, 0, 1);
  expect(rawAsked()).toHaveLength(2);
});

test('a server that was away for a moment is asked again', async () => {
  const asked = serve(() => Promise.reject(new TypeError('Failed to fetch')));
  const frames = store();
  const only = stack.slice(0, 1);
  expect(await frames.show(only, 0, 1)).toMatchObject({ code: 'unreachable' });
  await frames.show(only, 0, 1);
  expect(asked.filter((path) => path.includes('/raw'))).toHaveLength(2);
});
