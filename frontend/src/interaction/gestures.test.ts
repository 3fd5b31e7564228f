import { describe, expect, test } from 'vitest';

import { Gestures, toolOfButton } from './gestures';

const turn = { deltaY: 0, deltaMode: 0, isZoom: false, at: { x: 0, y: 0 } };

test('the left button works with the active tool, the others always pan and zoom', () => {
  expect([0, 1, 2, 3].map((button) => toolOfButton(button, 'window'))).toEqual([
    'window',
    'pan',
    'zoom',
    null,
  ]);
});

test('a window drag reports the distance from its start', () => {
  const gestures = new Gestures();
  gestures.press('window', { x: 10, y: 10 });
  expect(gestures.move({ x: 15, y: 8 })).toEqual({ kind: 'window', dx: 5, dy: -2, isStart: true });
  expect(gestures.move({ x: 20, y: 8 })).toEqual({
    kind: 'window',
    dx: 10,
    dy: -2,
    isStart: false,
  });
});

test('a pan reports each step', () => {
  const gestures = new Gestures();
  gestures.press('pan', { x: 10, y: 10 });
  gestures.move({ x: 15, y: 10 });
  expect(gestures.move({ x: 16, y: 12 })).toEqual({ kind: 'pan', dx: 1, dy: 2 });
});

test('a zoom drag upwards comes closer, about the point where it began', () => {
  const gestures = new Gestures();
  gestures.press('zoom', { x: 10, y: 200 });
  expect(gestures.move({ x: 40, y: 50 })).toEqual({
    kind: 'zoom',
    about: { x: 10, y: 200 },
    factor: 2,
  });
});

test('a pointer that only hovers or was released does nothing', () => {
  const gestures = new Gestures();
  expect(gestures.move({ x: 1, y: 1 })).toBeNull();
  gestures.press('pan', { x: 0, y: 0 });
  gestures.release();
  expect(gestures.move({ x: 2, y: 2 })).toBeNull();
});

describe('wheel', () => {
  test('one notch is one frame, in pixels as in lines', () => {
    const gestures = new Gestures();
    expect(gestures.wheel({ ...turn, deltaY: 120 })).toEqual({ kind: 'step', frames: 1 });
    expect(gestures.wheel({ ...turn, deltaY: -3, deltaMode: 1 })).toEqual({
      kind: 'step',
      frames: -1,
    });
  });

  test('small steps of a touchpad add up', () => {
    const gestures = new Gestures();
    const steps = Array.from({ length: 6 }, () => gestures.wheel({ ...turn, deltaY: 10 }));
    expect(steps.map((intent) => intent?.kind ?? null)).toEqual([
      null,
      null,
      'step',
      null,
      null,
      'step',
    ]);
  });

  test('with Ctrl it zooms about the pointer, and forth and back cancel out', () => {
    const gestures = new Gestures();
    const at = { x: 5, y: 6 };
    const closer = gestures.wheel({ ...turn, deltaY: -40, isZoom: true, at });
    const farther = gestures.wheel({ ...turn, deltaY: 40, isZoom: true, at });
    expect(closer).toMatchObject({ kind: 'zoom', about: at });
    const factors = [closer, farther].map((intent) =>
      intent?.kind === 'zoom' ? intent.factor : 0,
    );
    expect((factors[0] ?? 0) * (factors[1] ?? 0)).toBeCloseTo(1, 12);
    expect(factors[0]).toBeGreaterThan(1);
  });
});
