/** The stores together, against a served contract. */
import { flushSync } from 'svelte';
import { afterEach, expect, onTestFinished, test, vi } from 'vitest';

import type { Recipe, SeriesDetail, SeriesList } from '../api/types.gen';
import { colorMapTable } from '../dicom/colorMaps';
import { explicitWindow } from '../dicom/voi';
import {
  BASE,
  detail,
  failure,
  geometry,
  heldStream,
  json,
  lists,
  never,
  rawFrame,
  recipe,
  report,
  series,
  seriesList,
  serve,
  stack,
  stream,
} from '../testing/server';
import { eventually } from '../testing/waiting';
import { readAddress } from './panes/address';
import { Session } from './session';
import { tabText } from './panes/tabText';

afterEach(() => {
  vi.useRealTimers();
});

/** Three slices of series 0. */
const LIST = seriesList([series(0, { file_count: 3, frame_count: 3 })]);
const SLICES = [detail(series(0), [0, 1, 2])];

/** One image alone. */
const ONE = seriesList([series(0)]);

/** A session that ends with its test, so that nothing of it reaches the next. */
function newSession(): Session {
  const session = new Session({ base: BASE, token: null });
  onTestFinished(() => {
    session.stop();
  });
  return session;
}

/** A session over some series; each frame holds its file index in the first sample. */
async function started(
  list: SeriesList = LIST,
  details: readonly SeriesDetail[] = SLICES,
): Promise<Session> {
  const listed = lists(list, details);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([Number(path.split('/')[2]), 1024, 1064, 0, 0, 0]);
  });
  const session = newSession();
  session.viewer.framing.viewport = { width: 30, height: 20 };
  await session.start();
  await idle(session);
  return session;
}

async function idle({ viewer, navigator }: Session): Promise<void> {
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}

test('the first image of the list is opened by itself', async () => {
  const { viewer } = await started();
  expect(viewer.shownKey).toBe('0/0');
  expect(viewer.frames).toHaveLength(3);
});

test('a list without any image opens its first object', async () => {
  const object = series(0, { image_count: 0, frame_count: 0, note: 'Basic Text SR' });
  const stacks = [stack([{ file: 4, frame_index: 0 }], { has_pixels: false })];
  const { viewer } = await started(seriesList([object]), [detail(object, [4], stacks)]);
  expect(viewer.file).toMatchObject({ index: 4, note: 'Basic Text SR' });
  expect(viewer.frames).toEqual([]);
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

test('steps taken while a series is on its way are not lost', async () => {
  const session = await started(seriesList([series(0), series(1, { frame_count: 3 })]), [
    detail(series(0), [0]),
    detail(series(1), [1, 2, 3]),
  ]);
  session.navigator.open(1);
  session.run('next-frame');
  session.run('next-frame');
  await idle(session);
  expect(session.viewer.shownKey).toBe('3/0');
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
    suv: '',
    patient_mm: null,
  });
  viewer.pointer = { x: 15, y: 25 };
  expect(viewer.reading).toBeNull();
});

test('the pointer reads the uptake of a PET and the place in the patient', async () => {
  const place = { positions_mm: [[10, 20, 30]], geometry: geometry({ column_spacing_mm: 0.5 }) };
  const details = [detail(series(0), [0], [stack([{ file: 0, frame_index: 0 }], place)])];
  const suv = { factor: 0.002, kind: 'SUVbw', unit: 'g/ml', decay_reference: '', elements: [] };
  const { viewer } = await startedWith({ suv: { ...suv, kind: 'SUVbw' } }, details);
  viewer.pointer = { x: 25, y: 15 };
  // Stored 1064 is 40, times 0.002; two columns of 0.5 mm on, in the first row.
  expect(viewer.reading).toMatchObject({
    suv: '0.08 SUVbw g/ml',
    patient_mm: [11, 20, 30],
  });
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
  details?: readonly SeriesDetail[],
): Promise<Session> {
  const listed = lists(ONE, details);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe(change));
    return listed(path) ?? rawFrame([0, 1024, 1064, 0, 0, 0]);
  });
  const session = newSession();
  session.viewer.framing.viewport = { width: 30, height: 40 };
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
  expect(viewer.windowing.options.map(({ label }) => label)).toEqual([
    'SOFT: C 40  W 400',
    'C 300  W 1500, sigmoid',
    'Bone\\u{0007} (lookup table)',
    '1st to 99th percentile',
    'Full dynamic range',
    'Brain: C 40  W 80',
    'Subdural: C 80  W 200',
    'Stroke: C 40  W 40',
    'Bone: C 400  W 1800',
    'Lung: C -600  W 1500',
    'Abdomen: C 50  W 400',
    'Mediastinum: C 50  W 350',
    'Liver: C 30  W 150',
  ]);
  viewer.windowing.next();
  expect(viewer.windowKey).toBe('300/1500');
  viewer.windowing.next();
  expect(viewer.windowing.voi).toMatchObject({ kind: 'lut' });
  viewer.windowing.toggleFullDynamic();
  // -1024 to 40 HU.
  expect(viewer.windowing.voi).toMatchObject({
    center: -492,
    width: 1064,
    function: 'LINEAR_EXACT',
  });
  viewer.windowing.next();
  expect([viewer.windowKey, viewer.windowing.key]).toEqual(['40/400', 'file-0']);
});

test('the full dynamic range comes and goes with one key', async () => {
  const session = await startedWith({});
  session.run('full-dynamic');
  expect(session.viewer.windowing.key).toBe('full');
  session.run('full-dynamic');
  expect(session.viewer.windowing.key).toBe('file-0');
});

test('a window that was made by hand is in the list until it is left', async () => {
  const { viewer } = await startedWith({});
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  const byHand = () => viewer.windowing.options.filter(({ group }) => group === 'By hand');
  expect(byHand().map(({ label }) => label)).toEqual(['C 240  W 400']);
  viewer.windowing.next();
  expect(byHand()).toEqual([]);
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
  const listed = lists(seriesList([series(0, { rows: 2000, columns: 2000 })]));
  let sendFrame: (response: Response) => void = () => undefined;
  const asked = serve((path) => {
    const answer = listed(path);
    if (answer !== null) return answer;
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.includes('/raw')) return new Promise((resolve) => (sendFrame = resolve));
    return new Response('', { headers: { 'X-Frame-Rows': '2000', 'X-Frame-Columns': '2000' } });
  });
  const session = newSession();
  const { viewer } = session;
  await session.start();
  await eventually(() => expect(viewer.isPreview).toBe(true));
  expect(asked).toContain('api/file/0/frame/0/preview');
  expect([viewer.shownKey, viewer.isLoading]).toEqual(['', true]);
  expect(viewer.scene?.picture).toEqual({ kind: 'bitmap', rows: 2000, columns: 2000, bitmap });
  sendFrame(rawFrame([0, 0, 0, 0, 0, 0]));
  await idle(session);
  expect([viewer.shownKey, viewer.isPreview]).toEqual(['0/0', false]);
});

test('a file without a window is shown from its 1st to its 99th percentile', async () => {
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe({ voi: [] }));
    return lists(ONE)(path) ?? rawFrame([0, 100, 0, 100, 0, 100]);
  });
  const session = newSession();
  await session.start();
  await idle(session);
  expect(session.viewer.windowing.voi).toMatchObject({
    center: -974,
    width: 100,
    function: 'LINEAR_EXACT',
  });
});

test('invert turns the table round', async () => {
  const { viewer } = await started();
  const shade = () => {
    const picture = viewer.scene?.picture;
    return picture?.kind === 'table' ? picture.table[0] : undefined;
  };
  expect(shade()).toBe(0);
  viewer.windowing.invert();
  expect(shade()).toBe(255);
});

test('a series that is chosen starts at its first frame, seen whole and with its own window', async () => {
  const list = seriesList([series(0), series(1)]);
  const session = await started(list, [...SLICES, detail(series(1), [7, 8])]);
  const { viewer } = session;
  session.run('last-frame');
  session.run('one-to-one');
  session.run('next-color-map');
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  session.navigator.open(1);
  await idle(session);
  const { framing, windowing } = viewer;
  expect([viewer.shownKey, framing.isFitted, viewer.windowKey, windowing.colorMap]).toEqual([
    '7/0',
    true,
    '40/400',
    'grey',
  ]);
});

test('the next series starts at its first frame, with zoom, window and colours kept', async () => {
  const list = seriesList([series(0), series(1)]);
  const session = await started(list, [...SLICES, detail(series(1), [7, 8])]);
  const { viewer } = session;
  session.run('last-frame');
  session.run('one-to-one');
  session.run('next-color-map');
  viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
  session.run('next-series');
  await idle(session);
  const { framing, windowing } = viewer;
  expect([viewer.shownKey, framing.isFitted, viewer.windowKey, windowing.colorMap]).toEqual([
    '7/0',
    false,
    '240/400',
    'hot-iron',
  ]);
  session.run('next-series');
  expect(viewer.shownKey).toBe('7/0');
});

test('a window is not taken along to another modality, nor to values in another unit', async () => {
  const list = seriesList([series(0), series(1, { modality: 'MR' })]);
  const session = await started(list, [...SLICES, detail(series(1, { modality: 'MR' }), [7])]);
  const { windowing } = session.viewer;
  session.run('preset-lung');
  session.run('next-series');
  await idle(session);
  expect(session.viewer.windowKey).toBe('40/400');
  windowing.choice = { kind: 'custom', window: explicitWindow(1, 2, 'LINEAR'), unit: 'ms' };
  expect([session.viewer.windowKey, windowing.key]).toEqual(['40/400', 'file-0']);
  windowing.choice = { kind: 'custom', window: explicitWindow(1, 2, 'LINEAR'), unit: 'HU' };
  expect([session.viewer.windowKey, windowing.key]).toEqual(['1/2', 'custom']);
});

test('presets are for Hounsfield units', async () => {
  const session = await startedWith({});
  session.run('preset-lung');
  expect([session.viewer.windowKey, session.viewer.windowing.key]).toEqual(['-600/1500', 'lung']);
  const other = await startedWith({ unit: 'US' });
  other.run('preset-lung');
  expect(other.viewer.windowKey).toBe('40/400');
});

test('the percentile window comes and goes with one key, also where the file has windows', async () => {
  const session = await startedWith({});
  session.run('percentile');
  // 0, 0, 0, 0, 1024, 1064 stored; 99 % of the way is at 5 x 0.99 = 4.95: 1024 + 0.95 x 40 = 1062.
  expect(session.viewer.windowing.voi).toMatchObject({ center: -493, width: 1062 });
  session.run('percentile');
  expect(session.viewer.windowKey).toBe('40/400');
});

test('colour maps go round, and reset brings back grey', async () => {
  const session = await startedWith({});
  const colors = () => {
    const picture = session.viewer.scene?.picture;
    return picture?.kind === 'table' ? picture.colors : undefined;
  };
  expect(colors()).toBeNull();
  session.run('next-color-map');
  expect(colors()).toBe(colorMapTable('hot-iron'));
  expect(session.viewer.windowing.isLegendShown).toBe(true);
  session.run('reset');
  expect(colors()).toBeNull();
  expect(session.viewer.windowing.isLegendShown).toBe(false);
});

const at = (file: number) => ({ file, frame_index: 0 });

test('the stacks of all series are walked in the order of the list, forth and back', async () => {
  const localizer = stack([at(0)], { key: 'l', label: 'Localizer' });
  const axial = stack([at(1), at(2)], { key: 'a', label: 'Axial' });
  const session = await started(seriesList([series(0), series(1)]), [
    detail(series(0), [0, 1, 2], [localizer, axial]),
    detail(
      series(1),
      [3, 4, 5],
      [stack([at(5)], { key: 'x', has_pixels: false }), stack([at(3), at(4)], { key: 'y' })],
    ),
  ]);
  const { viewer } = session;
  const walked: string[] = [];
  for (const command of ['next-series', 'next-series', 'next-series', 'next-series'] as const) {
    session.run(command);
    await idle(session);
    walked.push(viewer.stack?.key ?? '');
  }
  expect(walked).toEqual(['series/0/a', 'series/1/x', 'series/1/y', 'series/1/y']);
  for (const expected of ['series/1/x', 'series/0/a', 'series/0/l', 'series/0/l']) {
    session.run('previous-series');
    await idle(session);
    expect(viewer.stack?.key).toBe(expected);
  }
});

test('a series that is chosen opens at its first stack with an image, a stack by itself', async () => {
  const session = await started(seriesList([series(0), series(1)]), [
    ...SLICES,
    detail(
      series(1),
      [5, 3, 4],
      [
        stack([at(5)], { key: 'x', has_pixels: false, label: 'SR' }),
        stack([at(3), at(4)], { key: 'y', label: 'Axial' }),
      ],
    ),
  ]);
  const rowsOf = () => session.study.listing.items.map(({ key }) => key);
  expect(rowsOf()).not.toContain('series/1/x');
  const node = session.study.series(1);
  if (node === null) throw new Error('the series is not there');
  session.choose(node);
  await idle(session);
  expect(session.viewer.shownKey).toBe('3/0');
  expect(rowsOf().slice(-3)).toEqual(['series/1', 'series/1/x', 'series/1/y']);
  const [object] = node.parts;
  if (object === undefined) throw new Error('the stack is not there');
  session.choose(object);
  expect(session.viewer.file?.index).toBe(5);
});

test('a series is opened at a frame, and goes to another one from there', async () => {
  const session = await started(seriesList([series(0), series(1)]), [
    ...SLICES,
    detail(series(1), [3, 4, 5], [stack([at(3)], { key: 'l' }), stack([at(4), at(5)])]),
  ]);
  session.navigator.open(1, { frame: at(5) });
  await idle(session);
  expect([session.viewer.shownKey, session.viewer.position]).toEqual(['5/0', 1]);
  session.navigator.open(1, { frame: at(4) });
  await idle(session);
  expect(session.viewer.shownKey).toBe('4/0');
  session.navigator.open(1, { frame: at(3) });
  await idle(session);
  expect([session.viewer.shownKey, session.viewer.stack?.key]).toEqual(['3/0', 'series/1/l']);
});

test('the next series is fetched ahead and opens without waiting', async () => {
  const asked: string[] = [];
  const listed = lists(seriesList([series(0), series(1)]));
  serve((path) => {
    asked.push(path);
    return (
      listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]))
    );
  });
  const session = newSession();
  await session.start();
  await eventually(() => expect(asked).toContain('api/series/1'));
  await idle(session);
  session.run('next-series');
  expect(session.navigator.isOpening).toBe(false);
  expect(session.viewer.stack?.key).toBe('series/1/k');
});

test('a series that cannot be fetched says so, and is asked for again on demand', async () => {
  let isBroken = true;
  const listed = lists(ONE);
  serve((path) => {
    if (path === 'api/series/0' && isBroken) return failure('no such file', 'file_gone', 404);
    return (
      listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]))
    );
  });
  const session = newSession();
  await session.start();
  await idle(session);
  expect(session.navigator.failure).toMatchObject({ code: 'file_gone' });
  isBroken = false;
  session.pane.retry();
  await idle(session);
  expect([session.navigator.failure, session.viewer.shownKey]).toEqual([null, '0/0']);
});

/** Two echoes of three positions; the second echo has no frame in the middle. */
const ECHOES = stack([0, 1, 2, 3, 4].map(at), {
  position_index: [0, 1, 2, 0, 2],
  dimension_index: [0, 0, 0, 1, 1],
  dimension: { name: 'Echo Time', unit: 'ms', values: ['20', '80'] },
});

test('the wheel goes through the positions of one value, other keys through the values', async () => {
  const session = await started(ONE, [detail(series(0), [0, 1, 2, 3, 4], [ECHOES])]);
  const { viewer } = session;
  const shown = async (command: Parameters<Session['run']>[0]) => {
    session.run(command);
    await idle(session);
    return [viewer.shownKey, viewer.scroll.value, viewer.position, viewer.frames.length];
  };
  expect(await shown('last-frame')).toEqual(['2/0', 0, 2, 3]);
  expect(await shown('next-value')).toEqual(['4/0', 1, 1, 2]);
  expect(await shown('next-value')).toEqual(['4/0', 1, 1, 2]);
  expect(await shown('next-frame')).toEqual(['4/0', 1, 1, 2]);
  expect(await shown('previous-frame')).toEqual(['3/0', 1, 0, 2]);
  expect(await shown('previous-value')).toEqual(['0/0', 0, 0, 3]);
  expect(await shown('previous-value')).toEqual(['0/0', 0, 0, 3]);
});

test('frames are fetched ahead in the direction of travel, positions or values', async () => {
  const grid = stack(
    Array.from({ length: 12 }, (_, file) => at(file)),
    {
      position_index: Array.from({ length: 12 }, (_, file) => file % 3),
      dimension_index: Array.from({ length: 12 }, (_, file) => Math.floor(file / 3)),
      dimension: { name: 'b-value', unit: 's/mm2', values: ['0', '50', '400', '800'] },
    },
  );
  const batches: string[] = [];
  const listed = lists(ONE, [detail(series(0), grid.files, [grid])]);
  serve((path) => {
    if (path.startsWith('api/frames/')) {
      batches.push(new URL(path, BASE).searchParams.get('frames') ?? '');
      return new Response('');
    }
    return (
      listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]))
    );
  });
  const session = newSession();
  await session.start();
  await idle(session);
  await eventually(() => expect(batches).toEqual(['1:0,2:0']));
  session.run('next-value');
  await idle(session);
  // Value 50 is on screen at the first position; 400, 0 and 800 are at the same.
  await eventually(() => expect(batches.at(-1)).toBe('6:0,9:0'));
});

test('a frame that fails is said in its place, and the next one is shown', async () => {
  const listed = lists(LIST, SLICES);
  serve((path) => {
    const answer = listed(path);
    if (answer !== null) return answer;
    if (path.endsWith('/recipe')) return json(recipe());
    return path.includes('/1/')
      ? failure('decoder gave up', 'decode_failed', 422)
      : rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = newSession();
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
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.includes('/file/1/')) return new Promise((resolve) => (answerSlowly = resolve));
    return lists(LIST, SLICES)(path) ?? rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = newSession();
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
  const listed = lists(ONE, [detail(series(0), [0, 1, 2, 3, 4, 5])]);
  const answers = new Map<string, (response: Response) => void>();
  serve((path) => {
    const answer = listed(path);
    if (answer !== null) return answer;
    if (path.endsWith('/recipe')) return json(recipe());
    if (path.startsWith('api/frames/')) return never();
    return new Promise((resolve) => answers.set(path.split('/')[2] ?? '', resolve));
  });
  const session = newSession();
  const { viewer } = session;
  await session.start();
  await eventually(() => expect(answers.has('0')).toBe(true));
  for (let step = 0; step < 2; step++) session.run('next-frame');
  await eventually(() => expect(answers.has('2')).toBe(true));
  answers.get('1')?.(rawFrame([1, 1, 1, 1, 1, 1]));
  await eventually(() => expect(viewer.shownKey).toBe('1/0'));
  expect(viewer.isLoading).toBe(true);
  // What lies further back than what is seen already stays away.
  answers.get('0')?.(rawFrame([0, 0, 0, 0, 0, 0]));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(viewer.shownKey).toBe('1/0');
  answers.get('2')?.(rawFrame([2, 2, 2, 2, 2, 2]));
  await eventually(() => expect(viewer.shownKey).toBe('2/0'));
  expect(viewer.isLoading).toBe(false);
});

test('series appear while the scan runs, on one line that ends with it', async () => {
  const { response, send, end } = heldStream();
  const listed = lists(LIST, SLICES);
  const asked = serve((path) => {
    if (path.startsWith('api/series?')) return response;
    return (
      listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]))
    );
  });
  const session = newSession();
  const done = session.start();
  const shown = () => session.study.listing.items.map(({ key }) => key);
  send(seriesList([series(0)], { revision: 4, scan_complete: false }));
  await eventually(() => expect(shown()).toEqual(['patient/0', 'study/0', 'series/0']));
  send(seriesList([series(1)], { revision: 9, patients: [], studies: [] }));
  end();
  await done;
  expect(shown()).toEqual(['patient/0', 'study/0', 'series/0', 'series/1']);
  expect(session.study.scan?.scan_complete).toBe(true);
  expect(asked.filter((path) => path.startsWith('api/series?'))).toHaveLength(1);
});

test('slices that are found later join the stack around the one on screen', async () => {
  vi.useFakeTimers();
  const { response, send, end } = heldStream();
  let files = [1];
  serve((path) => {
    if (path.startsWith('api/series?')) return response;
    if (path === 'api/series/0') return json(detail(series(0), files));
    return path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = newSession();
  const done = session.start();
  send(seriesList([series(0)], { scan_complete: false }));
  await vi.advanceTimersByTimeAsync(3_000);
  expect(session.viewer.shownKey).toBe('1/0');
  files = [0, 1, 2];
  send(seriesList([series(0, { file_count: 3, frame_count: 3 })]));
  end();
  await vi.advanceTimersByTimeAsync(3_000);
  await done;
  expect(session.viewer.shownKey).toBe('1/0');
  expect([session.viewer.position, session.viewer.frames.length]).toEqual([1, 3]);
});

test('a list that breaks off is taken up where it stopped', async () => {
  vi.useFakeTimers();
  const lines = [
    stream(seriesList([series(0)], { revision: 6, scan_complete: false })),
    stream(seriesList([series(1)], { revision: 8, patients: [], studies: [] })),
  ];
  const asked = serve((path) =>
    path.startsWith('api/series?') ? (lines.shift() ?? never()) : never(),
  );
  const session = newSession();
  const done = session.start();
  await vi.advanceTimersByTimeAsync(3_000);
  await done;
  expect(asked.filter((path) => path.startsWith('api/series?'))).toEqual([
    'api/series?follow=1&since=0',
    'api/series?follow=1&since=6',
  ]);
  expect([session.study.listing.total, session.connection.isLost]).toEqual([2, false]);
});

test('a server that is gone is looked for, and the page goes on when it is back', async () => {
  vi.useFakeTimers();
  let isUp = false;
  const asked = serve((path) => {
    if (!isUp) return Promise.reject(new TypeError('Failed to fetch'));
    if (path === 'api/health') return json({ server_start_ms: 1 });
    return path.startsWith('api/series?') ? stream(seriesList([])) : never();
  });
  const session = newSession();
  await session.start();
  expect(session.connection.isLost).toBe(true);
  isUp = true;
  await vi.advanceTimersByTimeAsync(10_000);
  expect(session.connection.isLost).toBe(false);
  expect(session.study.scan).not.toBeNull();
  const count = asked.length;
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toHaveLength(count);
});

test('another server in the same place is not mistaken for the first', async () => {
  vi.useFakeTimers();
  serve((path) => {
    if (path.startsWith('api/series?')) return stream(ONE);
    if (path === 'api/health') return json({ server_start_ms: 2 });
    return Promise.reject(new TypeError('Failed to fetch'));
  });
  const session = newSession();
  const done = session.start();
  await vi.advanceTimersByTimeAsync(10_000);
  await done;
  expect(session.connection.isOther).toBe(true);
});

test('the list of another server is not mixed with that of the first', async () => {
  vi.useFakeTimers();
  const answers = [
    stream(seriesList([series(0)], { scan_complete: false })),
    stream(seriesList([series(0), series(1)], { server_start_ms: 2 })),
  ];
  serve((path) => {
    if (path === 'api/health') return json({ server_start_ms: 2 });
    return path.startsWith('api/series?') ? (answers.shift() ?? never()) : never();
  });
  const session = newSession();
  const done = session.start();
  await vi.advanceTimersByTimeAsync(10_000);
  await done;
  expect([session.study.listing.total, session.connection.isOther]).toEqual([1, true]);
});

test('skipped paths are counted at once and fetched when their group is opened', async () => {
  const paths = (first: number, count: number) =>
    Array.from({ length: count }, (_, offset) => ({
      path: `/data/${String(first + offset)}.txt`,
      end: 'not_dicom',
      reason: 'no DICOM data set',
      index: null,
    }));
  const listed = lists({ ...ONE, skipped: 702 });
  const asked = serve((path) => {
    if (path.startsWith('api/report?')) {
      const query = new URL(path, BASE).searchParams;
      const offset = Number(query.get('offset'));
      return json(
        report({
          counts: { not_dicom: 702, unreadable: 0 },
          total: 702,
          paths: paths(offset, Math.min(Number(query.get('limit')), 702 - offset)),
        }),
      );
    }
    return (
      listed(path) ?? (path.endsWith('/recipe') ? json(recipe()) : rawFrame([0, 0, 0, 0, 0, 0]))
    );
  });
  const session = newSession();
  await session.start();
  const skippedRows = () =>
    session.study.listing.items.filter(({ level, key }) => level === 2 && key.includes('.txt'));
  const group = () => session.study.listing.items.find(({ kind }) => kind === 'group');
  await eventually(() => expect(group()).toMatchObject({ key: 'not-images', count: 702 }));
  expect(skippedRows()).toHaveLength(0);
  const reports = () => asked.filter((path) => path.startsWith('api/report?'));
  expect(reports()).toEqual(['api/report?end=not_dicom%2Cunreadable&offset=0&limit=1']);

  session.study.toggle('not-images');
  await eventually(() => expect(skippedRows()).toHaveLength(500));
  const more = session.study.listing.items.at(-1);
  if (more?.kind !== 'more') throw new Error('there is no row for more');
  session.choose(more);
  await eventually(() => expect(skippedRows()).toHaveLength(702));
  expect(session.study.listing.items.at(-1)?.kind).toBe('skipped');
  expect(reports().slice(1)).toEqual([
    'api/report?end=not_dicom&offset=0&limit=500',
    'api/report?end=not_dicom&offset=500&limit=500',
  ]);
});

test('a filter looks at skipped paths too', async () => {
  const skipped = {
    path: '/data/notes.txt',
    end: 'not_dicom',
    reason: 'no DICOM data set',
    index: null,
  };
  const listed = lists({ ...ONE, skipped: 1 });
  serve((path) => {
    if (path.startsWith('api/report?')) {
      return json(report({ counts: { not_dicom: 1, unreadable: 0 }, total: 1, paths: [skipped] }));
    }
    return listed(path) ?? never();
  });
  const session = newSession();
  await session.start();
  session.study.filter = 'notes.txt';
  await eventually(() =>
    expect(session.study.listing.items.map(({ kind }) => kind)).toEqual(['group', 'skipped']),
  );
});

test('warnings of the server become notices, each once', async () => {
  const { notices } = await started(
    seriesList([], { warnings: ['row 3 left out', 'row 3 left out'] }),
  );
  expect(notices.items.map(({ message }) => message)).toEqual(['row 3 left out']);
});

/** A session that is started with a link. */
test('a stack that is called after its file has another name while identity is hidden', async () => {
  const stacks = [
    stack([{ file: 0, frame_index: 0 }], { key: 'named', label: 'Image 0.dcm' }),
    stack([{ file: 1, frame_index: 0 }], { key: 'plane', label: 'Axial' }),
  ];
  const session = await started(ONE, [detail(series(0), [0, 1], stacks)]);
  const parts = session.study.series(0)?.parts ?? [];
  expect(parts.map(({ label }) => label)).toEqual(['Image 0.dcm', 'Axial']);
  expect(parts.map(({ coveredLabel }) => coveredLabel)).toEqual(['Part 1', 'Axial']);
});

async function visiting(
  fragment: string,
  list: SeriesList,
  details?: readonly SeriesDetail[],
): Promise<Session> {
  const listed = lists(list, details);
  serve((path) => {
    const file = Number(path.split('/')[2]);
    if (path.endsWith('/info')) {
      const held = (details ?? []).find(({ instances }) => instances.index.includes(file));
      if (held === undefined) return failure('there is no such file', 'unknown_file', 404);
      return json({ series: held.series.index });
    }
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([file, 1024, 1064, 0, 0, 0]);
  });
  const session = newSession();
  await session.start(readAddress(fragment));
  await new Promise((resolve) => setTimeout(resolve));
  await idle(session);
  return session;
}

const TWO = [...SLICES, detail(series(1), [7, 8])];

test('a link opens its frame with its window and zoom, and is the link of what is seen then', async () => {
  const link = 'file=8&frame=0&c=50&w=350&unit=HU&invert=1&zoom=2.5&center=1.00,1.50&rotate=90';
  const session = await visiting(`#${link}`, seriesList([series(0), series(1)]), TWO);
  const { viewer } = session;
  expect([viewer.shownKey, viewer.windowKey, viewer.windowing.isInverted]).toEqual([
    '8/0',
    '50/350',
    true,
  ]);
  expect(viewer.camera).toMatchObject({ zoom: 2.5, center: { x: 1, y: 1.5 } });
  expect(session.addressText).toBe(link);
});

test('a link lays out its panes', async () => {
  const link = 'file=8&frame=0&layout=2x2&pane=3&p1=1,0';
  const session = await visiting(link, seriesList([series(0), series(1)]), TWO);
  const { panes, active } = session.workspace;
  while (panes[0]?.viewer.isLoading === true) await new Promise((resolve) => setTimeout(resolve));
  expect(panes.map(({ viewer }) => viewer.shownKey)).toEqual(['1/0', '', '8/0', '']);
  expect(panes.indexOf(active)).toBe(2);
  expect(session.addressText).toBe(link);
});

test('a link to a file that is not there is told, and the first image is opened', async () => {
  const session = await visiting('file=99', seriesList([series(0)]), SLICES);
  await eventually(() => expect(session.viewer.shownKey).toBe('0/0'));
  expect(session.notices.items.map(({ message }) => message)).toEqual([
    'the link names a file that is not in the list',
  ]);
});

test('a link that is followed while another is looked up takes its place', async () => {
  const listed = lists(seriesList([series(0), series(1)]), TWO);
  let answer: (response: Response) => void = () => undefined;
  const asked = serve((path) => {
    if (path === 'api/file/1/info') return new Promise<Response>((resolve) => (answer = resolve));
    if (path.endsWith('/info')) return json({ series: 1 });
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = newSession();
  const end = session.start(readAddress('file=1'));
  await eventually(() => expect(asked).toContain('api/file/1/info'));
  const other = readAddress('file=8');
  if (other === null) throw new Error('no address');
  session.visit(other);
  answer(json({ series: 0 }));
  await end;
  await eventually(() => expect(session.viewer.shownKey).toBe('8/0'));
  expect(session.addressText).toBe('file=8&frame=0');
});

test('a link waits for its file while the scan runs, and nothing else is opened meanwhile', async () => {
  const held = heldStream();
  const listed = lists(seriesList([series(0), series(1)]), TWO);
  let isThere = false;
  serve((path) => {
    if (path.startsWith('api/series?')) return held.response;
    if (path.endsWith('/info')) {
      return isThere ? json({ series: 1 }) : failure('no such file', 'unknown_file', 404);
    }
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([0, 0, 0, 0, 0, 0]);
  });
  const session = newSession();
  const end = session.start(readAddress('file=7'));
  held.send(seriesList([series(0)], { scan_complete: false, listed: 3 }));
  await eventually(() => expect(session.study.scan).not.toBeNull());
  expect([session.pane.isEmpty, session.addressText]).toEqual([true, null]);
  isThere = true;
  held.send(seriesList([series(1)], { listed: 9 }));
  held.end();
  await end;
  await eventually(() => expect(session.viewer.shownKey).toBe('7/0'));
  expect(session.addressText).toBe('file=7&frame=0');
});

test('a series is opened in a new tab, and the tab is called by patient, modality and date', async () => {
  const list = seriesList([series(0), series(1, { study: null, file_name: 'b.dcm' })]);
  const session = await started(list, [
    ...SLICES,
    detail(series(1, { study: null, folder: '/data' }), [7]),
  ]);
  const { tabs, study } = session;
  const node = study.series(1);
  if (node === null) throw new Error('the series is not there');
  session.choose(node, { inNewTab: true });
  await idle(session);
  expect(session.viewer.shownKey).toBe('7/0');
  session.run('new-tab');
  expect(tabs.all.map((tab) => tabText(tab, study))).toEqual([
    'P1 CT 2024-01-31',
    '7.dcm',
    'Empty',
  ]);
  expect(tabs.all.map((tab) => tabText(tab, study, { isIdentityHidden: true }))).toEqual([
    'CT Portal venous',
    'CT Portal venous',
    'Empty',
  ]);
  const [first] = tabs.all;
  if (first === undefined) throw new Error('there is no tab');
  tabs.activate(first);
  expect(session.viewer.shownKey).toBe('0/0');
});
