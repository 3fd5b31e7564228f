/** The stores together, against a served contract. */
import { flushSync } from 'svelte';
import { afterEach, expect, test, vi } from 'vitest';

import type { FileList, Recipe } from '../api/types.gen';
import {
  BASE,
  entry,
  failure,
  fileList,
  json,
  never,
  rawFrame,
  recipe,
  serve,
} from '../testing/server';
import { Session } from './session';

afterEach(() => {
  vi.useRealTimers();
});

const SLICES = [0, 1, 2].map((index) => entry(index));

/** A session over some files; each frame holds its file index in the first sample. */
async function started(list: FileList = fileList(SLICES)): Promise<Session> {
  serve((path) => {
    if (path === 'api/files') return json(list);
    if (path.endsWith('/recipe')) return json(recipe());
    return rawFrame([Number(path.split('/')[2]), 1024, 1064, 0, 0, 0]);
  });
  const session = new Session({ base: BASE, token: null });
  session.viewer.viewport = { width: 30, height: 20 };
  await session.start();
  await idle(session);
  return session;
}

async function idle({ viewer }: Session): Promise<void> {
  while (viewer.isLoading) await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}

test('the first image of the list is opened by itself', async () => {
  const { viewer } = await started();
  expect(viewer.shownKey).toBe('0/0');
  expect(viewer.frames).toHaveLength(3);
});

test('a list without any image opens its first object', async () => {
  const report = entry(0, { has_pixels: false, frame_count: 0 });
  const { viewer } = await started(fileList([report]));
  expect(viewer.stack?.entries[0]?.index).toBe(0);
  expect(viewer.shown).toBeNull();
});

test('frames are stepped through and the ends hold', async () => {
  const session = await started();
  session.run('next-frame');
  await idle(session);
  expect(session.viewer.shownKey).toBe('1/0');
  session.run('forward-ten');
  await idle(session);
  expect(session.viewer.shownKey).toBe('2/0');
  session.run('first-frame');
  session.run('previous-frame');
  await idle(session);
  expect(session.viewer.shownKey).toBe('0/0');
});

test('the pointer reads stored and modality values with their place', async () => {
  const { viewer } = await started();
  // Fitted at 10 CSS pixels an image pixel: the second column of the first row.
  viewer.pointer = { x: 15, y: 5 };
  // 0 in a LINEAR window of 40 and 400: ((0 - 39.5) / 399 + 0.5) x 255 = 102.26.
  expect(viewer.reading).toEqual({
    column: 1,
    row: 0,
    stored: [1024],
    modality: 0,
    display: 102,
    realWorld: '',
  });
  viewer.pointer = { x: 15, y: 25 };
  expect(viewer.reading).toBeNull();
});

test('a flip moves the picture, and the reading with it', async () => {
  const session = await started();
  session.viewer.pointer = { x: 5, y: 5 };
  session.run('flip-horizontal');
  expect(session.viewer.reading).toMatchObject({ column: 2, row: 0, stored: [1064] });
});

test('a window drag changes the picture and stays from frame to frame', async () => {
  const session = await started();
  const { viewer } = session;
  expect(viewer.windowKey).toBe('40/400');
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  expect(viewer.windowKey).toBe('240/400');
  session.run('next-frame');
  await idle(session);
  expect(viewer.windowKey).toBe('240/400');
  session.run('reset');
  expect(viewer.windowKey).toBe('40/400');
});

/** A session over one frame with a recipe and a body of its own. */
async function startedWith(
  change: Partial<Recipe>,
  list: FileList = fileList([entry(0)]),
): Promise<Session> {
  serve((path) => {
    if (path === 'api/files') return json(list);
    return path.endsWith('/recipe') ? json(recipe(change)) : rawFrame([0, 1024, 1064, 0, 0, 0]);
  });
  const session = new Session({ base: BASE, token: null });
  session.viewer.viewport = { width: 30, height: 40 };
  await session.start();
  await idle(session);
  return session;
}

test('every window and table of the file is a choice, with its explanation', async () => {
  const { viewer } = await startedWith({
    voi: [
      { kind: 'window', center: 40, width: 400, function: 'LINEAR', explanation: 'SOFT' },
      { kind: 'window', center: 300, width: 1500, function: 'SIGMOID', explanation: '' },
      { kind: 'lut', first_mapped: 0, bits: 8, entries: [0, 255], explanation: 'Bone\u0007' },
    ],
  });
  expect(viewer.voiOptions.map(({ label }) => label)).toEqual([
    'SOFT: C 40  W 400',
    'C 300  W 1500, sigmoid',
    'Bone\\u{0007} (lookup table)',
    'Full dynamic range',
  ]);
  viewer.nextVoi();
  expect(viewer.windowKey).toBe('300/1500');
  viewer.nextVoi();
  expect(viewer.voi).toMatchObject({ kind: 'lut' });
  viewer.nextVoi();
  // -1024 to 40 HU.
  expect(viewer.voi).toMatchObject({ center: -492, width: 1064, function: 'LINEAR_EXACT' });
  viewer.nextVoi();
  expect([viewer.windowKey, viewer.voiKey]).toEqual(['40/400', 'file-0']);
});

test('the full dynamic range comes and goes with one key', async () => {
  const session = await startedWith({});
  session.run('full-dynamic');
  expect(session.viewer.voiKey).toBe('full');
  session.run('full-dynamic');
  expect(session.viewer.voiKey).toBe('file-0');
});

test('a window that was made by hand is in the list until it is left', async () => {
  const { viewer } = await startedWith({});
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  expect(viewer.voiOptions.at(-1)?.label).toBe('By hand: C 240  W 400');
  viewer.nextVoi();
  expect(viewer.voiOptions.map(({ key }) => key)).toEqual(['file-0', 'full']);
});

test('pixels twice as high as wide are drawn and read so', async () => {
  const { viewer } = await startedWith({ pixel_aspect: { vertical: 2, horizontal: 1 } });
  // 3 columns and 2 rows of double height fit into 30 x 40 at 10 CSS pixels a column.
  viewer.pointer = { x: 15, y: 19 };
  expect(viewer.reading).toMatchObject({ column: 1, row: 0 });
  viewer.pointer = { x: 15, y: 21 };
  expect(viewer.reading).toMatchObject({ column: 1, row: 1 });
});

test('what a stored value stands for is read with its unit', async () => {
  const mapping = { first: 1000, last: 4095, slope: 0.5, intercept: 1, values: [] };
  const { viewer } = await startedWith({
    real_world: [{ ...mapping, unit: 'mm2/s', label: 'ADC', explanation: '' }],
  });
  viewer.pointer = { x: 15, y: 15 };
  expect(viewer.reading?.realWorld).toBe('513 mm2/s');
  viewer.pointer = { x: 5, y: 15 };
  expect(viewer.reading?.realWorld).toBe('');
});

test('a large frame is bridged by a preview, which is not taken for it', async () => {
  const bitmap = { width: 250, height: 250, close: () => undefined } as ImageBitmap;
  vi.stubGlobal('createImageBitmap', () => Promise.resolve(bitmap));
  let sendFrame: (response: Response) => void = () => undefined;
  const asked = serve((path) => {
    if (path === 'api/files') return json(fileList([entry(0, { rows: 2000, columns: 2000 })]));
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.includes('/raw')) return new Promise((resolve) => (sendFrame = resolve));
    return new Response('', { headers: { 'X-Frame-Rows': '2000', 'X-Frame-Columns': '2000' } });
  });
  const session = new Session({ base: BASE, token: null });
  const { viewer } = session;
  await session.start();
  await vi.waitFor(() => expect(viewer.isPreview).toBe(true));
  expect(asked).toContain('api/file/0/frame/0/preview');
  expect([viewer.shownKey, viewer.isLoading]).toEqual(['', true]);
  expect(viewer.scene?.picture).toEqual({ kind: 'bitmap', rows: 2000, columns: 2000, bitmap });
  sendFrame(rawFrame([0, 0, 0, 0, 0, 0]));
  await idle(session);
  expect([viewer.shownKey, viewer.isPreview]).toEqual(['0/0', false]);
});

test('a file without a window is shown from its 1st to its 99th percentile', async () => {
  serve((path) => {
    if (path === 'api/files') return json(fileList([entry(0)]));
    if (path.endsWith('/recipe')) return json(recipe({ voi: [] }));
    return rawFrame([0, 100, 0, 100, 0, 100]);
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  await idle(session);
  expect(session.viewer.voi).toMatchObject({ center: -974, width: 100, function: 'LINEAR_EXACT' });
});

test('invert turns the table round', async () => {
  const { viewer } = await started();
  const shade = () => {
    const picture = viewer.scene?.picture;
    return picture?.kind === 'table' ? picture.table[0] : undefined;
  };
  expect(shade()).toBe(0);
  viewer.invert();
  expect(shade()).toBe(255);
});

test('another series starts at its first frame, seen whole and with its own window', async () => {
  const other = { series_instance_uid: '9', series_number: '2' };
  const session = await started(fileList([...SLICES, entry(7, other), entry(8, other)]));
  const { viewer } = session;
  session.run('last-frame');
  session.run('one-to-one');
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  session.run('next-series');
  await idle(session);
  expect([viewer.shownKey, viewer.isFitted, viewer.windowKey]).toEqual(['7/0', true, '40/400']);
  session.run('next-series');
  expect(viewer.shownKey).toBe('7/0');
});

test('a frame that fails is said in its place, and the next one is shown', async () => {
  serve((path) => {
    if (path === 'api/files') return json(fileList(SLICES));
    if (path.endsWith('/recipe')) return json(recipe());
    return path.includes('/1/')
      ? failure('decoder gave up', 'decode_failed', 422)
      : rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  await idle(session);
  session.run('next-frame');
  await idle(session);
  expect(session.viewer.failure).toMatchObject({
    message: 'decoder gave up',
    code: 'decode_failed',
  });
  expect(session.viewer.scene).toBeNull();
  session.run('next-frame');
  await idle(session);
  expect([session.viewer.failure, session.viewer.shownKey]).toEqual([null, '2/0']);
});

test('an answer that comes late does not replace a newer picture', async () => {
  let answerSlowly: (response: Response) => void = () => undefined;
  serve((path) => {
    if (path === 'api/files') return json(fileList([entry(0), entry(1), entry(2)]));
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.includes('/file/1/')) return new Promise((resolve) => (answerSlowly = resolve));
    return rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  await idle(session);
  session.run('next-frame');
  session.run('next-frame');
  await idle(session);
  answerSlowly(rawFrame([9, 9, 9, 9, 9, 9]));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(session.viewer.shownKey).toBe('2/0');
});

test('who scrolls faster than frames come sees those that he passes', async () => {
  const slices = Array.from({ length: 6 }, (_, index) => entry(index));
  const answers = new Map<string, (response: Response) => void>();
  serve((path) => {
    if (path === 'api/files') return json(fileList(slices));
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.startsWith('api/frames/')) return never();
    return new Promise((resolve) => answers.set(path.split('/')[2] ?? '', resolve));
  });
  const session = new Session({ base: BASE, token: null });
  const { viewer } = session;
  await session.start();
  await vi.waitFor(() => expect(answers.has('0')).toBe(true));
  for (let step = 0; step < 2; step++) session.run('next-frame');
  await vi.waitFor(() => expect(answers.has('2')).toBe(true));
  answers.get('1')?.(rawFrame([1, 1, 1, 1, 1, 1]));
  await vi.waitFor(() => expect(viewer.shownKey).toBe('1/0'));
  expect(viewer.isLoading).toBe(true);
  // What lies further back than what is seen already stays away.
  answers.get('0')?.(rawFrame([0, 0, 0, 0, 0, 0]));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(viewer.shownKey).toBe('1/0');
  answers.get('2')?.(rawFrame([2, 2, 2, 2, 2, 2]));
  await vi.waitFor(() => expect(viewer.shownKey).toBe('2/0'));
  expect(viewer.isLoading).toBe(false);
});

test('the list is asked for until the scan is over, and then no more', async () => {
  vi.useFakeTimers();
  let scans = 0;
  const asked = serve((path) => {
    if (path !== 'api/files') return never();
    scans += 1;
    return json(fileList(SLICES.slice(0, scans), { scan_complete: scans === 3 }));
  });
  const session = new Session({ base: BASE, token: null });
  const done = session.start();
  await vi.advanceTimersByTimeAsync(60_000);
  await done;
  expect(asked.filter((path) => path === 'api/files')).toHaveLength(3);
  expect(session.study.list?.files).toHaveLength(3);
});

test('slices that are found later join the stack around the one on screen', async () => {
  vi.useFakeTimers();
  let scans = 0;
  serve((path) => {
    if (path === 'api/files') {
      scans += 1;
      const files = scans === 1 ? [entry(1)] : [entry(1), entry(0), entry(2)];
      return json(fileList(files, { scan_complete: scans === 2 }));
    }
    return path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = new Session({ base: BASE, token: null });
  const done = session.start();
  await vi.advanceTimersByTimeAsync(5_000);
  await done;
  expect(session.viewer.shownKey).toBe('1/0');
  expect([session.viewer.position, session.viewer.frames.length]).toEqual([1, 3]);
});

test('a server that is gone is looked for, and the page goes on when it is back', async () => {
  vi.useFakeTimers();
  let isUp = false;
  const asked = serve((path) => {
    if (!isUp) return Promise.reject(new TypeError('Failed to fetch'));
    if (path === 'api/health') return json({ server_start_ms: 1 });
    return path === 'api/files' ? json(fileList([])) : never();
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  expect(session.connection.isLost).toBe(true);
  isUp = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(session.connection.isLost).toBe(false);
  expect(session.study.list).not.toBeNull();
  const count = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(count);
});

test('another server in the same place is not mistaken for the first', async () => {
  vi.useFakeTimers();
  serve((path) => {
    if (path === 'api/files') return json(fileList([entry(0)]));
    if (path === 'api/health') return json({ server_start_ms: 2 });
    return Promise.reject(new TypeError('Failed to fetch'));
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  await vi.advanceTimersByTimeAsync(10_000);
  expect(session.connection.isOther).toBe(true);
});

test('warnings of the server become notices, each once', async () => {
  const { notices } = await started(
    fileList([], { warnings: ['row 3 left out', 'row 3 left out'] }),
  );
  expect(notices.items.map(({ message }) => message)).toEqual(['row 3 left out']);
});

test('tags are fetched when a file stays, and the rest of a long value on demand', async () => {
  vi.useFakeTimers();
  const item = (value: string) => [
    { tag: '(0008,0018)', vr: 'UI', keyword: 'SOPInstanceUID', value: { type: 'string', value } },
  ];
  const sequence = (items: unknown[], truncated: boolean) => ({
    tag: '(5200,9230)',
    vr: 'SQ',
    keyword: 'PerFrameFunctionalGroupsSequence',
    value: { type: 'sequence', items, truncated, total: 2 },
  });
  const asked = serve((path) =>
    path.includes('?') ? json(sequence([item('b')], false)) : json([sequence([item('a')], true)]),
  );
  const { tags } = new Session({ base: BASE, token: null });
  void tags.show(4);
  void tags.show(5);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(asked).toEqual(['api/file/5/tags']);

  tags.toggle('52009230');
  expect(tags.rows.map(({ kind }) => kind)).toEqual(['element', 'item', 'element', 'more']);
  await tags.loadMore('52009230');
  expect(asked.at(-1)).toBe('api/file/5/tags?path=52009230&offset=1&limit=500');
  expect(tags.rows.map(({ kind }) => kind)).toEqual([
    'element',
    'item',
    'element',
    'item',
    'element',
  ]);
});
