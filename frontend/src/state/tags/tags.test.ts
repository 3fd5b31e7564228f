import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { ApiError } from '../../api/apiError';
import { Client } from '../../api/client';
import type { TagNode } from '../../api/types.gen';
import { BASE, json, serve } from '../../testing/server';
import type { TagValue } from './tagValue';
import { Tags } from './tags.svelte';

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  vi.useRealTimers();
});

const text = (tag: string, keyword: string, value: string): TagNode => ({
  tag,
  vr: 'LO',
  keyword,
  value: { type: 'string', value },
});

const frames = (items: TagNode[][], truncated: boolean): TagNode => ({
  tag: '(5200,9230)',
  vr: 'SQ',
  keyword: 'PerFrameFunctionalGroupsSequence',
  value: { type: 'sequence', items, truncated, total: 2 },
});

const at = (file: number, frame_index = 0) => ({ file, frame_index });

function make(): { tags: Tags; failures: ApiError[] } {
  const failures: ApiError[] = [];
  const client = new Client({ base: BASE, token: null });
  return { tags: new Tags(client, (failure) => failures.push(failure)), failures };
}

const settled = () => vi.advanceTimersByTimeAsync(1_000);

test('tags are fetched when a file stays', async () => {
  const asked = serve(() => json([text('(0010,0010)', 'PatientName', 'DOE')]));
  const { tags } = make();
  for (let file = 0; file < 20; file++) void tags.show(at(file));
  await settled();
  expect(asked).toEqual(['api/file/19/tags']);

  for (let file = 0; file < 20; file++) {
    void tags.show(at(file));
    await vi.advanceTimersByTimeAsync(100);
  }
  void tags.show(at(19));
  await settled();
  expect(asked).toHaveLength(1);
});

test('the groups of a multi-frame object follow the frame, its tree is fetched once', async () => {
  const asked = serve((path) => {
    const frame = Number(/frame\/(\d+)/.exec(path)?.[1]);
    return path.endsWith('/groups')
      ? json({ shared: [], per_frame: [text('(0020,9157)', 'Index', `index ${String(frame)}`)] })
      : json([frames([], false)]);
  });
  const { tags } = make();
  void tags.show(at(3, 4));
  await settled();
  void tags.show(at(3, 5));
  await settled();
  expect(asked).toEqual([
    'api/file/3/tags',
    'api/file/3/frame/4/groups',
    'api/file/3/frame/5/groups',
  ]);
  expect(tags.rows.slice(0, 2)).toMatchObject([
    { name: 'Frame 6' },
    { value: 'index 5', path: '52009230/5/00209157' },
  ]);
});

test('the rest of a sequence is fetched on demand', async () => {
  const item = (value: string) => [text('(0008,0018)', 'SOPInstanceUID', value)];
  const asked = serve((path) => {
    if (path.endsWith('/groups')) return json({ shared: [], per_frame: [] });
    return path.includes('?')
      ? json(frames([item('b')], false))
      : json([frames([item('a')], true)]);
  });
  const { tags } = make();
  void tags.show(at(5));
  await settled();

  tags.toggle('52009230');
  const more = tags.rows.at(-1);
  expect(tags.rows.map(({ kind }) => kind)).toEqual(['element', 'item', 'element', 'more']);
  if (more?.kind === 'more') await tags.loadMore(more.path, more.source);
  expect(asked.at(-1)).toBe('api/file/5/tags?path=52009230&offset=1&limit=500');
  expect(tags.rows.map(({ kind }) => kind)).toEqual([
    'element',
    'item',
    'element',
    'item',
    'element',
  ]);
});

test('a tree that is cut is searched by the server, a whole one here', async () => {
  const cut: TagNode = {
    ...text('(0020,4000)', 'ImageComments', 'begin'),
    value: { type: 'string', value: 'begin', truncated: true, total: 3000 },
  };
  const asked = serve((path) => {
    if (path.includes('search=')) {
      const value = { type: 'string', value: 'needle', truncated: true, total: 3000, offset: 2000 };
      return json({ hits: 1, truncated: false, nodes: [{ ...cut, value, hit: true }] });
    }
    return json(path.startsWith('api/file/1') ? [cut] : [text('(0010,0010)', 'PatientName', 'X')]);
  });
  const { tags } = make();
  void tags.show(at(1));
  await settled();
  for (const typed of ['n', 'ne', 'needle']) tags.filter = typed;
  expect(tags.hits).toBeNull();
  await settled();
  expect(asked).toEqual(['api/file/1/tags', 'api/file/1/tags?search=needle']);
  expect([tags.hits, tags.rows]).toMatchObject([1, [{ value: '…needle', isHit: true }]]);

  void tags.show(at(2));
  await settled();
  expect(asked.slice(2)).toEqual(['api/file/2/tags']);
  expect([tags.hits, tags.rows]).toEqual([0, []]);
});

test('a value is copied whole, however much of it is shown', async () => {
  const value: TagValue = { type: 'numbers', value: [1, 2], truncated: true, total: 4 };
  const asked = serve((path) =>
    path.includes('?')
      ? json({ value: { type: 'numbers', value: [3, 4], truncated: true, total: 4 } })
      : json([{ tag: '(0028,3006)', vr: 'US', keyword: 'LUTData', value }]),
  );
  const { tags } = make();
  void tags.show(at(0));
  await settled();
  expect(await tags.wholeText('00283006', value)).toBe('1\\2\\3\\4');
  expect(asked.at(-1)).toBe('api/file/0/tags?path=00283006&offset=2&limit=10000');
});

test('a failure is said, and made good when the server is back', async () => {
  let isGone = true;
  serve(() => {
    if (isGone) throw new TypeError('no connection');
    return json([text('(0010,0010)', 'PatientName', 'DOE')]);
  });
  const { tags, failures } = make();
  void tags.show(at(0));
  await settled();
  expect([tags.isReady, tags.failure?.code, failures.length]).toEqual([false, 'unreachable', 1]);

  isGone = false;
  tags.resume();
  await settled();
  expect([tags.isReady, tags.failure, tags.rows.length]).toEqual([true, null, 1]);
});
