import { describe, expect, test } from 'vitest';

import {
  apply,
  flipHorizontally,
  flipVertically,
  panBy,
  resolveCamera,
  rotateBy,
  toImagePoint,
  toMatrix,
  UPRIGHT,
  WHOLE_IMAGE,
  zoomAbout,
  type Orientation,
  type Point,
} from './camera';

const image = { width: 200, height: 100 };
const viewport = { width: 400, height: 400 };
const whole = resolveCamera(WHOLE_IMAGE, image, viewport);

function rounded({ x, y }: Point): Point {
  // Adding 0 makes 0 of -0.
  return { x: Math.round(x * 1e9) / 1e9 + 0, y: Math.round(y * 1e9) / 1e9 + 0 };
}

test('a fitted image touches the viewport and stands in its middle', () => {
  const matrix = toMatrix(whole);
  expect(whole.zoom).toBe(2);
  expect(apply(matrix, { x: 0, y: 0 })).toEqual({ x: 0, y: 100 });
  expect(apply(matrix, { x: 200, y: 100 })).toEqual({ x: 400, y: 300 });
});

test('a fitted image that lies on its side is measured on its side', () => {
  const turned = { ...WHOLE_IMAGE, orientation: rotateBy(UPRIGHT, 1) };
  expect(resolveCamera(turned, image, { width: 100, height: 400 }).zoom).toBe(1);
});

test('zooming keeps the image point under the pointer', () => {
  const pointer = { x: 37, y: 251 };
  const zoomed = resolveCamera(zoomAbout(whole, pointer, 3), image, viewport);
  expect(zoomed.zoom).toBe(6);
  expect(rounded(toImagePoint(zoomed, pointer))).toEqual(rounded(toImagePoint(whole, pointer)));
});

test('zoom has limits on both sides', () => {
  expect(zoomAbout(whole, { x: 0, y: 0 }, 1e6).zoom).toBe(64);
  expect(zoomAbout(whole, { x: 0, y: 0 }, 1e-6).zoom).toBe(0.02);
});

test('panning moves the image with the pointer, however it is turned', () => {
  for (const orientation of [UPRIGHT, rotateBy(UPRIGHT, 1), flipHorizontally(UPRIGHT)]) {
    const camera = resolveCamera({ ...WHOLE_IMAGE, orientation }, image, viewport);
    const before = apply(toMatrix(camera), { x: 20, y: 30 });
    const panned = resolveCamera(panBy(camera, 15, -8), image, viewport);
    const after = apply(toMatrix(panned), { x: 20, y: 30 });
    expect(rounded(after)).toEqual(rounded({ x: before.x + 15, y: before.y - 8 }));
  }
});

describe('orientation on the screen', () => {
  /** Where a step to the right and one down in the image go on the screen. */
  function directions(orientation: Orientation) {
    const { a, b, c, d } = toMatrix({
      zoom: 1,
      pixelAspect: 1,
      center: { x: 0, y: 0 },
      orientation,
      viewport,
    });
    return { right: [a + 0, b + 0], down: [c + 0, d + 0] };
  }

  test('a right turn takes the right edge to the bottom', () => {
    expect(directions(rotateBy(UPRIGHT, 1))).toEqual({ right: [0, 1], down: [-1, 0] });
  });

  test('flips mirror what is seen, also after a turn', () => {
    const turned = rotateBy(UPRIGHT, 1);
    expect(directions(flipHorizontally(turned))).toEqual({ right: [0, 1], down: [1, 0] });
    expect(directions(flipVertically(turned))).toEqual({ right: [0, -1], down: [-1, 0] });
  });

  test('four turns and two flips lead back', () => {
    expect(rotateBy(UPRIGHT, 4)).toEqual(UPRIGHT);
    expect(rotateBy(rotateBy(UPRIGHT, 1), -1)).toEqual(UPRIGHT);
    expect(flipVertically(flipVertically(UPRIGHT))).toEqual(UPRIGHT);
    expect(flipHorizontally(flipVertically(UPRIGHT))).toEqual(rotateBy(UPRIGHT, 2));
  });
});

test('high pixels make a high picture, and the pointer still finds them', () => {
  // 200 x 100 pixels, each twice as high as wide, are as wide as they are high.
  const camera = resolveCamera(WHOLE_IMAGE, image, viewport, 2);
  expect(camera.zoom).toBe(2);
  expect(apply(toMatrix(camera), { x: 200, y: 100 })).toEqual({ x: 400, y: 400 });
  expect(toImagePoint(camera, { x: 100, y: 300 })).toEqual({ x: 50, y: 75 });
});

test('high pixels that lie on their side are wide', () => {
  const turned = { ...WHOLE_IMAGE, orientation: rotateBy(UPRIGHT, 1) };
  const camera = resolveCamera(turned, image, { width: 1000, height: 200 }, 4);
  expect(camera.zoom).toBe(1);
  // The first row is at the right end: 100 rows of 4 make 400 CSS pixels, in the middle of 1000.
  expect(rounded(apply(toMatrix(camera), { x: 0, y: 0 }))).toEqual({ x: 700, y: 0 });
});

test('zooming and panning hold with high pixels', () => {
  const camera = resolveCamera(WHOLE_IMAGE, image, viewport, 2);
  const about = { x: 90, y: 310 };
  const closer = resolveCamera(zoomAbout(camera, about, 3), image, viewport, 2);
  expect(rounded(toImagePoint(closer, about))).toEqual(rounded(toImagePoint(camera, about)));
  const moved = resolveCamera(panBy(camera, 30, -40), image, viewport, 2);
  const held = toImagePoint(camera, about);
  expect(rounded(apply(toMatrix(moved), held))).toEqual({ x: 120, y: 270 });
});
