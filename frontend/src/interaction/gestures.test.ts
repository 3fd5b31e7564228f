import { describe, expect, test } from 'vitest';

import { Gestures, toolOfButton } from './gestures';

const MOUSE = 1;

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
  gestures.press(MOUSE, 'window', { x: 10, y: 10 });
  expect(gestures.move(MOUSE, { x: 15, y: 8 })).toEqual({
    kind: 'window',
    dx: 5,
    dy: -2,
    isStart: true,
  });
  expect(gestures.move(MOUSE, { x: 20, y: 8 })).toEqual({
    kind: 'window',
    dx: 10,
    dy: -2,
    isStart: false,
  });
});

test('a pan reports each step', () => {
  const gestures = new Gestures();
  gestures.press(MOUSE, 'pan', { x: 10, y: 10 });
  gestures.move(MOUSE, { x: 15, y: 10 });
  expect(gestures.move(MOUSE, { x: 16, y: 12 })).toEqual({ kind: 'pan', dx: 1, dy: 2 });
});

test('a zoom drag upwards comes closer, about the point where it began', () => {
  const gestures = new Gestures();
  gestures.press(MOUSE, 'zoom', { x: 10, y: 200 });
  expect(gestures.move(MOUSE, { x: 40, y: 50 })).toEqual({
    kind: 'zoom',
    about: { x: 10, y: 200 },
    factor: 2,
  });
});

test('a pointer that only hovers or was released does nothing', () => {
  const gestures = new Gestures();
  expect(gestures.move(MOUSE, { x: 1, y: 1 })).toBeNull();
  gestures.press(MOUSE, 'pan', { x: 0, y: 0 });
  gestures.release(MOUSE);
  expect(gestures.move(MOUSE, { x: 2, y: 2 })).toBeNull();
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

describe('fingers', () => {
  const [first, second, third] = [11, 12, 13];

  /** Two fingers 100 CSS pixels apart on one line. */
  function twoFingers(): Gestures {
    const gestures = new Gestures();
    gestures.press(first, 'window', { x: 100, y: 200 }, true);
    gestures.press(second, 'window', { x: 200, y: 200 }, true);
    return gestures;
  }

  test('one finger works with the tool as soon as it has left its place', () => {
    const gestures = new Gestures();
    gestures.press(first, 'window', { x: 100, y: 200 }, true);
    expect(gestures.move(first, { x: 104, y: 203 })).toBeNull();
    expect(gestures.move(first, { x: 110, y: 200 })).toEqual({
      kind: 'window',
      dx: 10,
      dy: 0,
      isStart: true,
    });
  });

  test('two fingers zoom by their distance, about the point between them', () => {
    const gestures = twoFingers();
    expect(gestures.move(second, { x: 300, y: 200 })).toEqual({
      kind: 'pinch',
      dx: 50,
      dy: 0,
      about: { x: 200, y: 200 },
      factor: 2,
    });
  });

  test('two fingers that move together pan, and do not zoom in the end', () => {
    const gestures = twoFingers();
    const moves = [
      gestures.move(first, { x: 100, y: 260 }),
      gestures.move(second, { x: 200, y: 260 }),
    ].map((intent) => (intent?.kind === 'pinch' ? intent : null));
    expect(moves.map((move) => [move?.dx, move?.dy])).toEqual([
      [0, 30],
      [0, 30],
    ]);
    expect((moves[0]?.factor ?? 0) * (moves[1]?.factor ?? 0)).toBeCloseTo(1, 12);
  });

  test('a third finger is ignored, and so is its way', () => {
    const gestures = twoFingers();
    expect(gestures.press(third, 'window', { x: 0, y: 0 }, true)).toBe(false);
    expect(gestures.move(third, { x: 50, y: 50 })).toBeNull();
    gestures.release(third);
    expect(gestures.move(first, { x: 90, y: 200 })?.kind).toBe('pinch');
  });

  test('what is left of a pinch does nothing until it is lifted', () => {
    const gestures = twoFingers();
    gestures.release(first);
    expect(gestures.move(second, { x: 300, y: 300 })).toBeNull();
    expect(gestures.press(third, 'pan', { x: 0, y: 0 }, true)).toBe(false);
    gestures.release(second);
    gestures.press(third, 'pan', { x: 0, y: 0 }, true);
    expect(gestures.move(third, { x: 9, y: 0 })).toEqual({ kind: 'pan', dx: 9, dy: 0 });
  });

  test('fingers that meet do not zoom out of all bounds', () => {
    const gestures = twoFingers();
    expect(gestures.move(second, { x: 101, y: 200 })).toMatchObject({ factor: 1 });
    expect(gestures.move(second, { x: 200, y: 200 })).toMatchObject({ factor: 1 });
  });

  test('a finger does not join the drag of a mouse', () => {
    const gestures = new Gestures();
    gestures.press(MOUSE, 'pan', { x: 0, y: 0 });
    expect(gestures.press(first, 'pan', { x: 50, y: 50 }, true)).toBe(false);
    expect(gestures.move(MOUSE, { x: 1, y: 0 })).toEqual({ kind: 'pan', dx: 1, dy: 0 });
  });
});
