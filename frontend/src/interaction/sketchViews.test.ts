/** Drawing with Shift and Alt is even as it is seen, however the image is turned, zoomed and stretched. */
import { describe, expect, test } from 'vitest';

import { linesOf, boundsOf, type ShapeKind } from '../dicom/shapes';
import {
  apply,
  flipHorizontally,
  resolveCamera,
  rotateBy,
  toImagePoint,
  toMatrix,
  UPRIGHT,
  WHOLE_IMAGE,
  type Camera,
  type Point,
} from './camera';
import { Sketch, type Pen } from './sketch';

const IMAGE = { width: 512, height: 400 };
const VIEWPORT = { width: 900, height: 700 };
const FITTED = resolveCamera(WHOLE_IMAGE, IMAGE, VIEWPORT);

/** Rows of half the height, a quarter turn, mirrored, eight times as large, and all of that. */
const CAMERAS: Readonly<Record<string, Camera>> = {
  fitted: FITTED,
  'with flat pixels': { ...FITTED, pixelAspect: 0.5 },
  turned: { ...FITTED, orientation: rotateBy(UPRIGHT, 1) },
  flipped: { ...FITTED, orientation: flipHorizontally(UPRIGHT) },
  'at eight times the zoom': { ...FITTED, zoom: FITTED.zoom * 8 },
  'all at once': {
    ...FITTED,
    zoom: FITTED.zoom * 8,
    pixelAspect: 0.5,
    orientation: flipHorizontally(rotateBy(UPRIGHT, 1)),
  },
};

const FROM = { x: 450, y: 350 };
const TO = { x: 490, y: 362 };

function pen(camera: Camera, screen: Point, held: Partial<Pen> = {}): Pen {
  const { zoom, pixelAspect } = camera;
  return {
    at: toImagePoint(camera, screen),
    scale: { x: zoom, y: zoom * pixelAspect },
    image: IMAGE,
    isEven: false,
    isFromCenter: false,
    ...held,
  };
}

/** A drag from one place of the screen to another, as it is seen there. */
function drawn(kind: ShapeKind, camera: Camera, held: Partial<Pen>): Point[][] {
  const sketch = new Sketch(kind, pen(camera, FROM, held));
  sketch.move(pen(camera, TO, held));
  sketch.release(pen(camera, TO, held));
  expect(sketch.isDone).toBe(true);
  const matrix = toMatrix(camera);
  return linesOf(sketch.shape).map((line) => line.map((point) => apply(matrix, point)));
}

function expectBox(points: readonly Point[], left: number, top: number, right: number): void {
  const box = boundsOf(points);
  expect(box.left).toBeCloseTo(left);
  expect(box.top).toBeCloseTo(top);
  expect(box.right).toBeCloseTo(right);
}

describe.each(Object.entries(CAMERAS))('%s', (_, camera) => {
  test.each(['rectangle', 'ellipse'] as const)(
    'Shift draws an even %s, Alt from its middle',
    (kind) => {
      // 40 to the right and 12 down: the longer side counts.
      const [even = []] = drawn(kind, camera, { isEven: true });
      expectBox(even, 450, 350, 490);
      expect(boundsOf(even).bottom).toBeCloseTo(390);
      const [centered = []] = drawn(kind, camera, { isFromCenter: true });
      expectBox(centered, 410, 338, 490);
      expect(boundsOf(centered).bottom).toBeCloseTo(362);
      const [both = []] = drawn(kind, camera, { isEven: true, isFromCenter: true });
      expectBox(both, 410, 310, 490);
      expect(boundsOf(both).bottom).toBeCloseTo(390);
    },
  );

  test('Shift draws a length along an eighth of a turn', () => {
    const [[from, to] = []] = drawn('length', camera, { isEven: true });
    // 16.7 degrees are nearest to none.
    expect(from?.x).toBeCloseTo(450);
    expect(to?.x).toBeCloseTo(490);
    expect(to?.y).toBeCloseTo(350);
  });

  test.each(['polygon', 'polyline', 'angle', 'cobb'] as const)(
    'Shift keeps a piece of a %s even',
    (kind) => {
      const sketch = new Sketch(kind, pen(camera, FROM));
      sketch.move(pen(camera, TO, { isEven: true }));
      const corner = sketch.shape.points[1] ?? { x: NaN, y: NaN };
      const seen = apply(toMatrix(camera), corner);
      expect(seen.x).toBeCloseTo(490);
      expect(seen.y).toBeCloseTo(350);
    },
  );
});
