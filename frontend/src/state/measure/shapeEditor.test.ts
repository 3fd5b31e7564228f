/** Drawing and editing in a viewport, against a served contract. */
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, test } from 'vitest';

import type { Point } from '../../interaction/camera';
import {
  BASE,
  detail,
  json,
  lists,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
} from '../../testing/server';
import { Session } from '../session';

let session: Session;

/** Two slices of three columns and two rows, each CSS pixels of 100 to a pixel. */
beforeEach(async () => {
  const list = seriesList([series(0, { file_count: 2, frame_count: 2 })]);
  const listed = lists(list, [detail(series(0), [0, 1])]);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([10, 20, 30, 40, 50, 60]);
  });
  session = new Session({ base: BASE, token: null });
  session.viewer.framing.viewport = { width: 300, height: 200 };
  await session.start();
  await idle();
});

async function idle(): Promise<void> {
  const { viewer, navigator } = session;
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}

function touch(x: number, y: number) {
  return { at: { x, y }, isFinger: false, isEven: false, isFromCenter: false, isChoosing: false };
}

/** True where the drag was for shapes. */
function drag(from: [number, number], to: [number, number]): boolean {
  const { editor } = session.pane;
  editor.move(touch(...from));
  const isTaken = editor.press(touch(...from));
  editor.move(touch(...to));
  editor.release(touch(...to));
  return isTaken;
}

function points(): Point[][] {
  return session.pane.editor.items.map(({ shape }) => [...shape.points]);
}

test('a drag with the region tool draws, and another tool leaves the drag to others', () => {
  expect(drag([0, 0], [200, 200])).toBe(false);
  session.run('tool-region');
  expect(drag([0, 0], [200, 200])).toBe(true);
  expect(points()).toEqual([
    [
      { x: 0, y: 0 },
      { x: 2, y: 2 },
    ],
  ]);
  expect(session.pane.editor.keyContext).toBe('selection');
});

test('what is too small to be meant is not kept', () => {
  session.run('tool-region');
  drag([0, 0], [50, 150]);
  expect(points()).toEqual([]);
});

describe('with a rectangle', () => {
  beforeEach(() => {
    session.run('tool-region');
    drag([0, 0], [100, 100]);
    session.run('tool-window');
  });

  test('a line is taken with any tool, and a drag of it is one step to undo', () => {
    expect(drag([25, 100], [105, 180])).toBe(true);
    expect(points()[0]?.[0]?.x).toBeCloseTo(0.8);
    session.run('undo');
    expect(points()[0]?.[0]).toEqual({ x: 0, y: 0 });
    session.run('redo');
    expect(points()[0]?.[0]?.x).toBeCloseTo(0.8);
  });

  test('a click beside it lets go, a drag beside it does not', () => {
    drag([250, 150], [290, 190]);
    expect(session.pane.editor.selected).toHaveLength(1);
    drag([250, 150], [251, 150]);
    expect(session.pane.editor.selected).toEqual([]);
    expect(session.pane.editor.keyContext).toBeNull();
  });

  test('on another frame it is neither seen nor nudged', async () => {
    session.viewer.step(1);
    await idle();
    expect(points()).toEqual([]);
    expect(session.pane.editor.keyContext).toBeNull();
    session.run('nudge-right');
    session.viewer.step(-1);
    await idle();
    expect(points()[0]?.[0]).toEqual({ x: 0, y: 0 });
  });

  test('nudges stop at the edge of the image', () => {
    for (let step = 0; step < 5; step++) session.run('nudge-right');
    expect(points()[0]).toEqual([
      { x: 2, y: 0 },
      { x: 3, y: 1 },
    ]);
  });

  test('a second finger takes back what the first one moved', () => {
    const { editor } = session.pane;
    editor.press(touch(25, 100));
    editor.move(touch(105, 180));
    expect(points()[0]?.[0]?.x).toBeCloseTo(0.8);
    editor.withdraw();
    expect(points()[0]?.[0]).toEqual({ x: 0, y: 0 });
  });

  test('the window of the region is that of its pixels', () => {
    session.run('tool-region');
    drag([300, 200], [100, 100]);
    const [, lower] = session.pane.editor.items;
    if (lower === undefined) throw new Error('no shape');
    session.pane.editor.windowFrom(lower.shape);
    const { choice } = session.viewer.windowing;
    // Stored 50 and 60: from 50.1 to 59.9.
    expect(choice.kind === 'custom' && choice.window.width).toBeCloseTo(9.8);
  });
});

test('an outline that is begun waits on its frame', async () => {
  session.run('tool-region');
  session.run('tool-region');
  session.run('tool-region');
  const click = (x: number, y: number) => drag([x, y], [x, y]);
  click(20, 20);
  click(220, 20);
  expect(session.pane.editor.keyContext).toBe('drawing');
  session.viewer.step(1);
  await idle();
  expect(session.pane.editor.keyContext).toBe('tool');
  expect(points()).toEqual([]);
  session.viewer.step(-1);
  await idle();
  click(220, 180);
  session.run('finish-shape');
  expect(points()[0]).toHaveLength(3);
  expect(session.pane.editor.keyContext).toBe('selection');
});

test('hidden shapes are not met', () => {
  session.run('tool-region');
  drag([0, 0], [100, 100]);
  session.run('tool-window');
  session.rois.isShown = false;
  expect(drag([25, 100], [105, 180])).toBe(false);
  expect(points()).toEqual([]);
});

test('what a shape measures is not said where the shape is out of view', () => {
  session.run('tool-region');
  drag([10, 10], [130, 130]);
  const said = () => session.pane.editor.labels.map(({ key }) => key);
  expect(said()).toHaveLength(1);
  // Two columns to the left.
  session.viewer.framing.pan(-200, 0);
  expect(said()).toEqual([]);
});

describe('labels and layers', () => {
  function labelled(...names: string[]): void {
    session.rois.labels.known = names;
  }

  test('a digit labels what is selected, and with a tool in hand what is drawn next', () => {
    labelled('mass', 'cyst');
    session.toolbox.draw('rectangle');
    expect(session.pane.editor.keyContext).toBe('tool');
    session.run('label-2');
    drag([10, 10], [190, 190]);
    const roi = () => session.pane.editor.selected[0]?.roi;
    expect(roi()?.label).toBe('cyst');
    session.run('label-1');
    expect([roi()?.label, session.rois.labels.next]).toEqual(['mass', 'mass']);
    session.run('label-3');
    expect(roi()?.label).toBe('mass');
    session.run('no-label');
    expect([roi()?.label, session.rois.labels.next]).toEqual(['', '']);
  });

  test('without any label a digit chooses a window of a CT image as ever', () => {
    session.toolbox.draw('rectangle');
    drag([10, 10], [190, 190]);
    const before = session.viewer.windowing.voi;
    session.run('label-1');
    expect(session.viewer.windowing.voi).not.toEqual(before);
    expect(session.pane.editor.selected[0]?.roi.label).toBe('');
  });

  test('a locked layer is selected and not changed, and its copy is free', () => {
    session.rois.layers.make('model');
    session.toolbox.draw('rectangle');
    drag([10, 10], [190, 190]);
    session.rois.edit(session.pane.editor.selected, { score: 0.5 });
    session.rois.layers.drawInto('');
    session.rois.layers.toggleLocked('model');
    const shapes = () => session.rois.of(0).map(({ roi }) => roi.shape.points);
    const before = shapes();
    session.run('nudge-right');
    session.run('delete-shape');
    expect(shapes()).toEqual(before);
    session.run('accept');
    const [, copy] = session.rois.of(0);
    expect(copy?.roi).toMatchObject({ group: '', score: null });
    expect(session.pane.editor.free).toEqual([copy]);
    session.run('accept');
    expect(session.rois.of(0)).toHaveLength(2);
  });
});
