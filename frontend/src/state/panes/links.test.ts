/** Panes side by side, against a served contract. */
import { expect, test } from 'vitest';

import type { SeriesDetail, StackRow } from '../../api/types.gen';
import {
  BASE,
  detail,
  geometry,
  json,
  lists,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
  stack,
} from '../../testing/server';
import type { Pane } from './pane.svelte';
import { referenceLines } from './referenceLines';
import { Session } from '../session';

const at = (file: number) => ({ file, frame_index: 0 });
const axial = (z: number) => [0, 0, z];

/** Axial planes of 3 x 2 pixels of 1 mm at some heights. */
function planes(files: readonly number[], heights: readonly number[], uid = '1.9'): StackRow {
  return stack(files.map(at), {
    positions_mm: heights.map(axial),
    geometry: geometry({ frame_of_reference_uid: uid }),
  });
}

/** The plane x = 1, one image of 3 x 2: y from -0.5 to 2.5, z from 20.5 down to 18.5. */
const SAGITTAL = stack([at(30)], {
  positions_mm: [[1, 0, 20]],
  geometry: geometry({ orientation: [0, 1, 0, 0, 0, -1], frame_of_reference_uid: '1.9' }),
});

const DETAILS: SeriesDetail[] = [
  // Every 10 mm, every 4 mm from the other end, without a place, and across.
  detail(series(0), [0, 1, 2], [planes([0, 1, 2], [0, 10, 20])]),
  detail(series(1), [10, 11, 12, 13, 14], [planes([10, 11, 12, 13, 14], [20, 16, 12, 8, 4])]),
  detail(series(2), [20, 21, 22, 23], [planes([20, 21, 22, 23], [0, 1, 2, 3], '1.8')]),
  detail(series(3), [30], [SAGITTAL]),
];

/** Four panes with a series each; the first is active. Each recipe may be changed by its file. */
async function opened(units: Readonly<Record<number, string>> = {}) {
  const listed = lists(seriesList([0, 1, 2, 3].map((index) => series(index))), DETAILS);
  serve((path) => {
    const file = Number(path.split('/')[2]);
    const id = `r${String(file)}`;
    const spacing = { row_mm: file < 10 ? 1 : 2, column_mm: file < 10 ? 1 : 2 };
    const words = { plane: 'patient', element: 'PixelSpacing', note: '' } as const;
    if (path.endsWith('/recipe')) {
      return json(recipe({ id, unit: units[file] ?? 'HU', spacing: { ...spacing, ...words } }));
    }
    if (path.startsWith('api/frames/')) return new Response(new Blob([]));
    return listed(path) ?? rawFrame([0, 0, 0, 0, 0, 0], id);
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  const { workspace, links } = session;
  workspace.setGrid({ rows: 2, columns: 2 });
  for (const [index, pane] of workspace.panes.entries()) {
    pane.viewer.framing.viewport = { width: 30, height: 20 };
    pane.navigator.open(index);
    await settled(pane);
  }
  const [first] = workspace.panes as [Pane];
  workspace.activate(first);
  const positions = () => workspace.panes.map(({ viewer }) => viewer.position);
  /** What the effect of the page does after a change. */
  const carry = async (change?: () => void) => {
    change?.();
    links.carry(workspace);
    for (const pane of workspace.panes) await settled(pane);
  };
  return { session, workspace, links, positions, carry, panes: workspace.panes as Pane[] };
}

async function settled({ viewer, navigator }: Pane): Promise<void> {
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
}

test('nothing follows where nothing is linked', async () => {
  const { session, positions, carry } = await opened();
  await carry(() => session.run('next-frame'));
  expect(positions()).toEqual([1, 0, 0, 0]);
});

test('stacks in one coordinate system go to the same place, others as many frames on', async () => {
  const { session, positions, carry } = await opened();
  // z = 0 is nearest to 4 mm, the last of the second stack; the third stays where it is.
  await carry(() => session.run('link-scroll'));
  expect(positions()).toEqual([0, 4, 0, 0]);
  // z = 10 is as far from 12 as from 8: the first of both is taken.
  await carry(() => session.run('next-frame'));
  expect(positions()).toEqual([1, 2, 1, 0]);
  await carry(() => session.run('next-frame'));
  expect(positions()).toEqual([2, 0, 2, 0]);
});

test('the offset between stacks is that of the moment when they were linked', async () => {
  const { session, workspace, panes, positions, carry } = await opened();
  const third = panes[2] as Pane;
  third.viewer.goToPosition(2);
  await carry(() => session.run('link-scroll'));
  // The third has only one frame more to go, and waits there.
  await carry(() => session.run('last-frame'));
  expect(positions()[2]).toBe(3);
  await carry(() => session.run('first-frame'));
  expect(positions()[2]).toBe(2);
  // It leads by the same offset.
  await carry(() => workspace.activate(third));
  await carry(() => session.run('next-frame'));
  expect(positions()).toEqual([1, 4, 3, 0]);
});

test('to click into another pane, or to open a series, moves no pane', async () => {
  const { session, workspace, panes, positions, carry } = await opened();
  await carry(() => session.run('link-scroll'));
  await carry(() => session.run('next-frame'));
  const second = panes[1] as Pane;
  await carry(() => workspace.activate(second));
  expect(positions()).toEqual([1, 2, 1, 0]);
  await carry(() => second.navigator.open(0));
  await carry();
  expect(positions()).toEqual([1, 0, 1, 0]);
});

test('a window is taken over where the unit is the same', async () => {
  const { session, panes, carry } = await opened({ 20: 'US' });
  await carry(() => session.run('link-window'));
  await carry(() => {
    session.viewer.follow({ kind: 'window', dx: 0, dy: 150, isStart: true });
    session.run('invert');
  });
  const windows = panes.map(({ viewer }) => [viewer.windowKey, viewer.windowing.isInverted]);
  expect(windows).toEqual([
    ['240/400', true],
    ['240/400', true],
    ['40/400', false],
    ['240/400', true],
  ]);
});

test('a zoom shows the same place at the same scale, with pixels of any size', async () => {
  const { session, panes, carry } = await opened();
  await carry(() => session.run('link-zoom'));
  // 20 CSS pixels a millimetre about the point (1, 0.5), which is 0.5 mm right of the first pixel and in its row.
  await carry(() => session.viewer.framing.zoom({ x: 0, y: 0 }, 2));
  const { zoom, center } = session.viewer.framing.camera ?? {};
  expect([zoom, center]).toEqual([20, { x: 0.75, y: 0.5 }]);
  const [, second, third] = panes.map(({ viewer }) => viewer.framing.camera);
  // The planes of the second stack begin at the same place, so the same point is in the middle.
  expect([second?.zoom, second?.center]).toEqual([40, { x: 0.75, y: 0.5 }]);
  // The third has no place in common: 0.75 mm left and 0.5 mm up of the middle are half as many pixels.
  expect([third?.zoom, third?.center]).toEqual([40, { x: 1.125, y: 0.75 }]);
  await carry(() => session.run('fit'));
  expect(panes.every(({ viewer }) => viewer.framing.isFitted)).toBe(true);
});

test('panes that were hidden for a while catch up', async () => {
  const { session, positions, carry } = await opened();
  await carry(() => session.run('link-scroll'));
  await carry(() => session.run('maximize'));
  await carry(() => session.run('last-frame'));
  await carry(() => session.run('maximize'));
  expect(positions()).toEqual([2, 0, 2, 0]);
});

test('a plane is a line in the panes that it cuts through', async () => {
  const { panes } = await opened();
  const [first, second, third, fourth] = panes.map(({ viewer }) => viewer);
  if (!first || !second || !third || !fourth) throw new Error('four panes are missing');
  first.goToPosition(2);
  while (first.isLoading) await new Promise((resolve) => setTimeout(resolve));
  // x = 1 is 1.5 columns from the left edge of the axial image.
  const lines = referenceLines(fourth, first);
  expect(lines.map(({ kind, from, to }) => [kind, from.x, to.x, Math.abs(from.y - to.y)])).toEqual([
    ['seen', 1.5, 1.5, 2],
  ]);
  expect(referenceLines(second, first)).toEqual([]);
  expect(referenceLines(fourth, third)).toEqual([]);
});

test('the ends of a stack are lines, too', async () => {
  const { panes } = await opened();
  const [first, , , fourth] = panes.map(({ viewer }) => viewer);
  if (!first || !fourth) throw new Error('four panes are missing');
  first.goToPosition(2);
  while (first.isLoading) await new Promise((resolve) => setTimeout(resolve));
  const lines = referenceLines(first, fourth);
  // Of z = 0, 10 and 20 only 20 is in the sagittal image, half a pixel below its upper edge.
  expect(lines.map(({ kind, from, to }) => [kind, from.y, to.y])).toEqual([
    ['end', 0.5, 0.5],
    ['seen', 0.5, 0.5],
  ]);
});
