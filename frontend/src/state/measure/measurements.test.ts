import { beforeEach, expect, test } from 'vitest';

import type { Shape } from '../../dicom/shapes';
import { Measurements } from './measurements.svelte';

function point(x: number): Shape {
  return { kind: 'point', points: [{ x, y: 0 }] };
}

let time = 0;
let measurements = new Measurements(() => time);

beforeEach(() => {
  time = 0;
  measurements = new Measurements(() => time);
});

function draw(x: number, file = 0, frame_index = 0, stack = 'one') {
  const ref = { file, frame_index };
  return measurements.add({ shape: point(x), ref, stack, path: `${String(file)}.dcm` });
}

function places(file = 0, frame_index = 0, stack = 'one') {
  return measurements.onFrame({ file, frame_index }, stack).map(({ shape }) => shape.points[0]?.x);
}

test('a shape is seen on its own frame only, unless it is for the whole stack', () => {
  const made = draw(5);
  expect([places(0, 0), places(0, 1), places(1, 0)]).toEqual([[5], [], []]);
  measurements.edit(made, { isOnStack: true });
  expect([places(0, 0), places(0, 1), places(1, 0)]).toEqual([[5], [5], [5]]);
  expect(places(0, 1, 'another')).toEqual([]);
});

test('what was drawn is selected, and what is removed is not', () => {
  const made = draw(5);
  expect(measurements.selectedId).toBe(made.id);
  measurements.remove(made);
  expect(measurements.selectedId).toBeNull();
  expect(places()).toEqual([]);
});

test('undo and redo go through one file and leave the others alone', () => {
  draw(1, 0);
  draw(2, 1);
  const third = draw(3, 0);
  measurements.remove(third);
  measurements.undo(0);
  measurements.undo(0);
  expect([places(0), places(1)]).toEqual([[1], [2]]);
  expect([measurements.canUndo(0), measurements.canRedo(0)]).toEqual([true, true]);
  measurements.redo(0);
  expect(places(0)).toEqual([1, 3]);
  expect(measurements.canUndo(7)).toBe(false);
});

test('a quick row of nudges is one step, a pause begins another', () => {
  let made = draw(0);
  for (const [x, at] of [
    [1, 100],
    [2, 200],
    [3, 5000],
    [4, 5100],
  ] as const) {
    time = at;
    measurements.edit(made, { shape: point(x) }, 'nudge');
    made = measurements.find(made.id) ?? made;
  }
  measurements.undo(0);
  expect(places()).toEqual([2]);
  measurements.undo(0);
  expect(places()).toEqual([0]);
});
