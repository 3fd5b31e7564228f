/** Points that are added and taken away, and what is selected by a drag, in a viewport. */
import { flushSync } from 'svelte';
import { beforeEach, describe, expect, test, vi } from 'vitest';

import type { Shape } from '../../dicom/shapes';
import { bareRoi } from '../../dicom/roi';
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
import type { Touch } from './shapeEditor.svelte';

let session: Session;

/** One slice of three columns and two rows, each CSS pixels of 100 to a pixel. */
beforeEach(async () => {
  const list = seriesList([series(0, { file_count: 1, frame_count: 1 })]);
  const listed = lists(list, [detail(series(0), [0])]);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([10, 20, 30, 40, 50, 60]);
  });
  session = new Session({ base: BASE, token: null });
  session.viewer.framing.viewport = { width: 300, height: 200 };
  await session.start();
  const { viewer, navigator } = session;
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
  flushSync();
  return () => vi.useRealTimers();
});

const PLAIN = { isFinger: false, isEven: false, isFromCenter: false, isChoosing: false };

function touch([x, y]: readonly [number, number], held: Partial<Touch> = {}): Touch {
  return { ...PLAIN, ...held, at: { x, y } };
}

function drag(
  from: readonly [number, number],
  to: readonly [number, number],
  held: Partial<Touch> = {},
): void {
  const { editor } = session.pane;
  editor.press(touch(from, held));
  if (to !== from) editor.move(touch(to, held));
  editor.release(touch(to, held));
}

function click(at: readonly [number, number], held: Partial<Touch> = {}): void {
  drag(at, at, held);
}

const ALT = { isFromCenter: true };
const FINGER = { isFinger: true };
const CTRL = { isChoosing: true };

/** Points as [x, y] in hundredths: the CSS pixels that they are at. */
function put(kind: Shape['kind'], ...places: readonly (readonly [number, number])[]): void {
  const points = places.map(([x, y]) => ({ x: x / 100, y: y / 100 }));
  session.rois.add(0, [bareRoi({ kind, points }, 'all')]);
}

function places(index = 0): number[][] {
  const points = session.pane.editor.items[index]?.shape.points ?? [];
  return points.map(({ x, y }) => [Math.round(x * 100), Math.round(y * 100)]);
}

describe('with a square outline', () => {
  beforeEach(() => put('polygon', [50, 50], [150, 50], [150, 150], [50, 150]));

  test('the middle of an edge is dragged into a new point, in one step', () => {
    drag([50, 100], [20, 110]);
    expect(places()).toEqual([
      [50, 50],
      [150, 50],
      [150, 150],
      [50, 150],
      [20, 110],
    ]);
    session.run('undo');
    expect(places()).toHaveLength(4);
  });

  test('Alt on an edge puts a point where it is, and Alt on the point takes it away', () => {
    click([120, 50], ALT);
    expect(places()[1]).toEqual([120, 50]);
    click([120, 50], ALT);
    expect(places()).toHaveLength(4);
  });

  test('two clicks on an edge put a point there, beside it they are left to others', () => {
    const { editor } = session.pane;
    click([80, 50]);
    expect(editor.doubleClick(touch([80, 50]))).toBe(true);
    expect(places()[1]).toEqual([80, 50]);
    click([250, 50]);
    expect(editor.doubleClick(touch([250, 50]))).toBe(false);
  });

  test('a clicked point is what the keys are for, and the last three stay', () => {
    const { editor } = session.pane;
    click([150, 150]);
    session.run('nudge-right');
    expect(places()[2]).toEqual([250, 150]);
    session.run('delete-shape');
    expect(places()).toHaveLength(3);
    click([50, 150]);
    session.run('delete-shape');
    expect([places().length, editor.chosenPoint]).toEqual([3, null]);
  });

  test('Escape lets go of the point, and then of the outline; Delete then takes it whole', () => {
    const { editor } = session.pane;
    click([150, 150]);
    session.run('let-go');
    expect([editor.chosenPoint, editor.selected.length]).toEqual([null, 1]);
    session.run('delete-shape');
    expect(session.pane.editor.items).toEqual([]);
  });

  test('a finger that rests on a point takes it away, one that moves it does not', () => {
    vi.useFakeTimers();
    const { editor } = session.pane;
    editor.press(touch([150, 150], FINGER));
    editor.move(touch([190, 190], FINGER));
    vi.advanceTimersByTime(1_000);
    editor.release(touch([190, 190], FINGER));
    expect(places()[2]).toEqual([190, 190]);
    editor.press(touch([190, 190], FINGER));
    vi.advanceTimersByTime(1_000);
    editor.release(touch([190, 190], FINGER));
    expect(places()).toEqual([
      [50, 50],
      [150, 50],
      [50, 150],
    ]);
  });

  test('what is locked takes no points', () => {
    session.rois.edit(session.rois.of(0), { locked: true });
    click([120, 50], ALT);
    click([150, 150], ALT);
    session.pane.editor.doubleClick(touch([120, 50]));
    expect(places()).toHaveLength(4);
  });
});

test('a length keeps its ends: its chosen end moves, and Delete takes all of it', () => {
  put('length', [50, 50], [150, 50]);
  click([150, 50]);
  session.run('nudge-down');
  expect(places()).toEqual([
    [50, 50],
    [150, 150],
  ]);
  session.run('delete-shape');
  expect(session.rois.of(0)).toEqual([]);
});

test('Alt pulls a drawn outline where it is held', () => {
  put('freehand', [50, 100], [100, 100], [150, 100], [250, 100], [250, 180], [50, 180]);
  drag([100, 100], [100, 60], ALT);
  // 50 of the 60 pixels that a pull is felt: (1 - (5 / 6)^2)^2 of 40.
  expect(places()).toEqual([
    [50, 96],
    [100, 60],
    [150, 96],
    [250, 100],
    [250, 180],
    [50, 180],
  ]);
});

describe('with three shapes', () => {
  beforeEach(() => {
    put('rectangle', [10, 10], [110, 110]);
    put('length', [150, 20], [200, 60]);
    put('ellipse', [160, 100], [280, 190]);
    session.rois.select([]);
  });

  const selected = () => session.pane.editor.selected.map(({ roi }) => roi.shape.kind);

  test('a drag with Ctrl selects what it holds whole, with Shift beside the rest', () => {
    drag([5, 5], [205, 130], CTRL);
    expect(selected()).toEqual(['rectangle', 'length']);
    drag([300, 200], [140, 90], { ...CTRL, isEven: true });
    expect(selected()).toEqual(['rectangle', 'length', 'ellipse']);
    drag([290, 5], [299, 195], CTRL);
    expect(selected()).toEqual([]);
  });

  test('Ctrl and a click select one more', () => {
    click([10, 50], CTRL);
    click([175, 40], CTRL);
    click([10, 50], CTRL);
    expect(selected()).toEqual(['length']);
  });

  test('what is selected together moves and is nudged together, and shows no handles', () => {
    drag([5, 5], [205, 130], CTRL);
    expect(session.pane.editor.handled).toBeNull();
    session.run('nudge-down');
    // As far as there is room for both.
    expect(places(1)).toEqual([
      [10, 100],
      [110, 200],
    ]);
    expect(places(2)[0]).toEqual([150, 110]);
  });
});

describe('with hundreds of shapes', () => {
  beforeEach(() => {
    const points = [
      { x: 0.5, y: 0.5 },
      { x: 2.5, y: 1.5 },
    ];
    const many = Array.from({ length: 300 }, () =>
      bareRoi({ kind: 'rectangle', points: [...points] }, 'all'),
    );
    session.rois.add(0, many);
    session.rois.select([]);
  });

  test('those that are not selected are painted, and only the others measured', () => {
    const { editor } = session.pane;
    expect([editor.painted.length, editor.elements.length, editor.labels.length]).toEqual([
      300, 0, 0,
    ]);
    click([50, 100]);
    expect([editor.painted.length, editor.elements.length, editor.labels.length]).toEqual([
      299, 1, 1,
    ]);
    expect(editor.painted.every(({ result }) => result === null)).toBe(true);
    expect(editor.elements[0]?.result?.area).toBe(2);
  });

  test('all of them selected are painted too, and measured no more', () => {
    const { editor } = session.pane;
    session.run('select-all');
    expect([editor.painted.length, editor.elements.length]).toEqual([300, 0]);
    expect(editor.painted.every(({ isSelected, result }) => isSelected && result === null)).toBe(
      true,
    );
    session.run('nudge-right');
    expect(places(299)[0]).toEqual([100, 50]);
  });
});
