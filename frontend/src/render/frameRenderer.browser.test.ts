/** WebGL2 against the CPU path and against expected shades, pixel by pixel, in a real browser. */
import { afterEach, describe, expect, test, vi } from 'vitest';

import displayLut from '../../../fixtures/vectors/display_lut.json';
import { colorMapTable, type ColorMapName } from '../dicom/colorMaps';
import type { DisplayRecipe, Voi } from '../dicom/recipe';
import type { Samples, StoredFrame } from '../dicom/storedFrame';
import {
  flipHorizontally,
  flipVertically,
  resolveCamera,
  rotateBy,
  UPRIGHT,
  type Orientation,
  type View,
} from '../interaction/camera';
import { FrameRenderer, type RenderPath } from './frameRenderer';
import { GlDevice } from './glDevice';
import { PictureMaker } from './picture';
import type { Scene } from './scene';
import { eventually } from '../testing/waiting';

/** Software GL, which is refused on a page, is as exact as any other. */
const device = GlDevice.create({ allowSoftware: true });
if (device === null) throw new Error('this browser has no WebGL2');

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function stored(samples: Samples, columns: number, samplesPerPixel = 1): StoredFrame {
  return {
    samples,
    columns,
    rows: samples.length / columns / samplesPerPixel,
    samples_per_pixel: samplesPerPixel,
    bits_stored: 8 * samples.BYTES_PER_ELEMENT,
    photometric_interpretation: samplesPerPixel === 3 ? 'RGB' : 'MONOCHROME2',
    truncated: false,
  };
}

const IDENTITY: DisplayRecipe = {
  photometric_interpretation: 'MONOCHROME2',
  modality: { kind: 'rescale', slope: 1, intercept: 0 },
  unit: '',
  voi: [],
  inverted: false,
  padding: null,
};

function windowed(center: number, width: number): Voi {
  return { kind: 'window', center, width, function: 'LINEAR', explanation: '' };
}

interface Looked {
  voi?: Voi | null;
  recipe?: DisplayRecipe;
  zoom?: number | 'fit';
  orientation?: Orientation;
  viewport?: { width: number; height: number };
  isSmooth?: boolean;
  pixelAspect?: number;
  colorMap?: ColorMapName;
}

function sceneOf(frame: StoredFrame, looked: Looked = {}): Scene {
  const {
    voi = windowed(128, 256),
    recipe = IDENTITY,
    zoom = 1,
    isSmooth = zoom === 'fit' || zoom < 1,
  } = looked;
  const { orientation = UPRIGHT, viewport = { width: frame.columns, height: frame.rows } } = looked;
  const { rows, columns } = frame;
  const source = { rows, columns, stored: frame, recipe, bitmap: null };
  const colors = looked.colorMap === undefined ? null : colorMapTable(looked.colorMap);
  const picture = new PictureMaker().make(source, voi, false, colors);
  if (picture === null) throw new Error('no picture');
  const view: View = { zoom, center: null, orientation };
  const { pixelAspect = 1 } = looked;
  const camera = resolveCamera(view, { width: columns, height: rows }, viewport, pixelAspect);
  return { picture, camera, pixelRatio: 1, isSmooth };
}

function rendererFor(path: RenderPath): { renderer: FrameRenderer; canvas: HTMLCanvasElement } {
  const canvas = document.createElement('canvas');
  const renderer = new FrameRenderer(canvas, { device: path === 'gl' ? device : null });
  cleanups.push(() => {
    renderer.dispose();
  });
  return { renderer, canvas };
}

function pixelsOf(canvas: HTMLCanvasElement): Uint8ClampedArray {
  const context = canvas.getContext('2d');
  if (context === null) throw new Error('no context');
  return context.getImageData(0, 0, canvas.width, canvas.height).data;
}

/** RGBA of the whole canvas after drawing a scene. */
function drawn(path: RenderPath, scene: Scene): Uint8ClampedArray {
  const { renderer, canvas } = rendererFor(path);
  renderer.draw(scene);
  expect(renderer.paint()).toBe(path);
  return pixelsOf(canvas);
}

function reds(pixels: Uint8ClampedArray): number[] {
  return Array.from(pixels).filter((_, position) => position % 4 === 0);
}

/** Every 16-bit pattern once, in no order that an interpolation would hide. */
function allPatterns(): Uint16Array<ArrayBuffer> {
  return Uint16Array.from({ length: 65_536 }, (_, position) => (position * 40_503) & 0xffff);
}

const PATHS: RenderPath[] = ['gl', 'cpu'];

describe.each(PATHS)('%s', (path) => {
  test.each(displayLut.cases)('golden numbers: $name', (vector) => {
    const { layout, modality, voi, inverted, display } = vector;
    const isSigned = layout.pixel_representation === 1;
    const lowest = isSigned ? -(2 ** (layout.bits_stored - 1)) : 0;
    const values = display.map((_, position) => lowest + position);
    const samples = isSigned ? Int16Array.from(values) : Uint16Array.from(values);
    const recipe = { ...IDENTITY, modality: modality as DisplayRecipe['modality'], inverted };
    const scene = sceneOf(stored(samples, samples.length), { recipe, voi: voi as Voi });
    expect(reds(drawn(path, scene))).toEqual(display);
  });

  test.each([
    ['signed bytes', Int8Array.of(-128, -1, 0, 127), windowed(0, 256), [0, 127, 128, 255]],
    ['unsigned bytes', Uint8Array.of(0, 1, 128, 255), windowed(128, 256), [0, 1, 128, 255]],
    ['floating point', Float32Array.of(-1, 0, 49.5, 100), windowed(50.5, 101), [0, 0, 126, 255]],
  ])('samples: %s', (_, samples, voi, expected) => {
    expect(reds(drawn(path, sceneOf(stored(samples, 2), { voi })))).toEqual(expected);
  });

  test('a reduced picture covers the whole image', () => {
    const whole = { ...stored(Uint8Array.of(10, 20, 30, 40), 2) };
    const source = { rows: 4, columns: 4, stored: whole, reduction: 2, recipe: IDENTITY };
    const picture = new PictureMaker().make({ ...source, bitmap: null }, windowed(128, 256), false);
    const size = { width: 4, height: 4 };
    const camera = resolveCamera({ zoom: 1, center: null, orientation: UPRIGHT }, size, size, 1);
    if (picture === null) throw new Error('no picture');
    const pixels = drawn(path, { picture, camera, pixelRatio: 1, isSmooth: false });
    expect(reds(pixels)).toEqual([10, 10, 20, 20, 10, 10, 20, 20, 30, 30, 40, 40, 30, 30, 40, 40]);
  });

  test('RGB is drawn as it is', () => {
    const values = Uint8Array.of(255, 0, 0, 1, 2, 3, 0, 255, 0, 254, 253, 252);
    const pixels = drawn(path, sceneOf(stored(values, 2, 3), { voi: null }));
    expect(Array.from(pixels).filter((_, position) => position % 4 !== 3)).toEqual([...values]);
  });

  test('a colour map takes the place of the grey levels', () => {
    // Hot iron (DICOM PS3.6 B.1.1): red rises by 2, then green from 128 on, then blue by 4 from 192.
    const values = [0, 1, 64, 128, 192, 255];
    const expected = [
      [0, 0, 0],
      [2, 0, 0],
      [128, 0, 0],
      [255, 0, 0],
      [255, 128, 4],
      [255, 255, 255],
    ];
    for (const samples of [Uint8Array.from(values), Float32Array.from(values)]) {
      const pixels = drawn(path, sceneOf(stored(samples, 3), { colorMap: 'hot-iron' }));
      expect(Array.from(pixels).filter((_, position) => position % 4 !== 3)).toEqual(
        expected.flat(),
      );
    }
  });

  test('a colour map that is shown small is a mean of its colours, not the colour of a mean', () => {
    // In PET 20 step 0 and 240 are black and red, while 120, their mean, is dark green.
    const samples = Uint8Array.from({ length: 16 }, (_, position) => (position % 2) * 240);
    const frame = stored(samples, 4);
    const scene = sceneOf(frame, {
      zoom: 0.5,
      viewport: { width: 2, height: 2 },
      colorMap: 'pet-20-step',
    });
    const pixels = Array.from(drawn(path, scene));
    for (let pixel = 0; pixel < 4; pixel++) {
      const [red = 0, green, blue] = pixels.slice(4 * pixel);
      expect(Math.abs(red - 127.5)).toBeLessThan(1);
      expect([green, blue]).toEqual([0, 0]);
    }
  });

  test('another colour map on the same frame is drawn', () => {
    const { renderer, canvas } = rendererFor(path);
    const frame = stored(Uint8Array.of(0, 255), 2);
    const shownWith = (colorMap?: ColorMapName) => {
      renderer.draw(sceneOf(frame, colorMap && { colorMap }));
      renderer.paint();
      return Array.from(pixelsOf(canvas));
    };
    expect(shownWith()).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
    expect(shownWith('fall')).toEqual([255, 255, 0, 255, 255, 0, 0, 255]);
    expect(shownWith('winter')).toEqual([0, 0, 255, 255, 127, 255, 128, 255]);
    expect(shownWith()).toEqual([0, 0, 0, 255, 255, 255, 255, 255]);
  });

  test('an image of odd width keeps its rows apart', () => {
    const samples = Uint8Array.from({ length: 21 }, (_, position) => position * 12);
    expect(reds(drawn(path, sceneOf(stored(samples, 7))))).toEqual([...samples]);
  });

  test('a right turn and a flip put pixels where the camera says', () => {
    const frame = stored(Uint8Array.of(10, 20, 30, 40, 50, 60), 3);
    const turned = rotateBy(UPRIGHT, 1);
    const viewport = { width: 2, height: 3 };
    const right = drawn(path, sceneOf(frame, { orientation: turned, viewport }));
    expect(reds(right)).toEqual([40, 10, 50, 20, 60, 30]);
    const flipped = drawn(path, sceneOf(frame, { orientation: flipHorizontally(UPRIGHT) }));
    expect(reds(flipped)).toEqual([30, 20, 10, 60, 50, 40]);
    const upsideDown = drawn(path, sceneOf(frame, { orientation: flipVertically(UPRIGHT) }));
    expect(reds(upsideDown)).toEqual([40, 50, 60, 10, 20, 30]);
  });

  test('large pixels are squares, smoothing or not', () => {
    const frame = stored(Uint8Array.of(0, 255), 2);
    const scene = sceneOf(frame, { zoom: 3, viewport: { width: 6, height: 1 } });
    expect(reds(drawn(path, scene))).toEqual([0, 0, 0, 255, 255, 255]);
  });

  test('pixels twice as high as wide are drawn so, upright and turned', () => {
    const frame = stored(Uint8Array.of(10, 20, 30, 40), 2);
    const looked = { zoom: 2, pixelAspect: 2 };
    const upright = drawn(path, sceneOf(frame, { ...looked, viewport: { width: 4, height: 8 } }));
    const [above, below] = [
      [10, 10, 20, 20],
      [30, 30, 40, 40],
    ] as const;
    expect(reds(upright)).toEqual([above, above, above, above, below, below, below, below].flat());
    const turned = { ...looked, orientation: rotateBy(UPRIGHT, 1) };
    const right = drawn(path, sceneOf(frame, { ...turned, viewport: { width: 8, height: 4 } }));
    const [left, second] = [
      [30, 30, 30, 30, 10, 10, 10, 10],
      [40, 40, 40, 40, 20, 20, 20, 20],
    ] as const;
    expect(reds(right)).toEqual([left, left, second, second].flat());
  });

  test('a preview is stretched to the place of the whole image', async () => {
    const image = new ImageData(Uint8ClampedArray.of(9, 9, 9, 255, 200, 200, 200, 255), 2, 1);
    const bitmap = await createImageBitmap(image);
    const scene = sceneOf(stored(new Uint8Array(32), 8), { isSmooth: false });
    const picture = { kind: 'bitmap', rows: 4, columns: 8, bitmap } as const;
    const row = [9, 9, 9, 9, 200, 200, 200, 200];
    expect(reds(drawn(path, { ...scene, picture }))).toEqual([row, row, row, row].flat());
  });

  test('a checkerboard that is shown small is gray and not a random choice of its fields', () => {
    const samples = Uint8Array.from({ length: 64 * 64 }, (_, position) =>
      (position + (position >> 6)) % 2 === 0 ? 0 : 255,
    );
    const scene = sceneOf(stored(samples, 64), { zoom: 0.25, viewport: { width: 16, height: 16 } });
    const shades = reds(drawn(path, scene));
    expect(Math.min(...shades)).toBeGreaterThanOrEqual(126);
    expect(Math.max(...shades)).toBeLessThanOrEqual(129);
  });

  test('between the middles of two pixels the grey goes evenly from one to the other', () => {
    const frame = stored(Uint8Array.of(0, 240), 2);
    const scene = sceneOf(frame, {
      voi: windowed(127.5, 255),
      zoom: 4,
      viewport: { width: 8, height: 4 },
      isSmooth: true,
    });
    // The middle of screen pixel n lies at image column (n + 0.5) / 4.
    const expected = [0, 0, 30, 90, 150, 210, 240, 240];
    const row = reds(drawn(path, scene)).slice(8, 16);
    row.forEach((shade, place) => {
      expect(Math.abs(shade - (expected[place] ?? NaN))).toBeLessThanOrEqual(2);
    });
  });

  test('beside the image the canvas is clear', () => {
    const frame = stored(Uint8Array.of(255), 1);
    const pixels = drawn(path, sceneOf(frame, { zoom: 1, viewport: { width: 3, height: 1 } }));
    expect(Array.from(pixels)).toEqual([0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0]);
  });

  test('a new window or frame replaces the old one', () => {
    const { renderer, canvas } = rendererFor(path);
    const frame = stored(Uint16Array.of(0, 100, 200, 300), 2);
    renderer.draw(sceneOf(frame, { voi: windowed(150.5, 301) }));
    renderer.paint();
    const first = reds(pixelsOf(canvas));
    renderer.draw(sceneOf(frame, { voi: windowed(100, 1) }));
    renderer.paint();
    expect(reds(pixelsOf(canvas))).toEqual([0, 255, 255, 255]);
    expect(first).toEqual([0, 85, 170, 255]);
    renderer.draw(sceneOf(stored(Uint8Array.of(7), 1)));
    renderer.paint();
    expect(reds(pixelsOf(canvas))).toEqual([7]);
    renderer.draw(null);
    renderer.paint();
    expect(Array.from(pixelsOf(canvas))).toEqual([0, 0, 0, 0]);
  });

  test('many draws before the next frame make one drawing, of the last', async () => {
    let count = 0;
    const canvas = document.createElement('canvas');
    const renderer = new FrameRenderer(canvas, {
      device: path === 'gl' ? device : null,
      onDrawn: () => (count += 1),
    });
    for (const value of [1, 2, 3]) renderer.draw(sceneOf(stored(Uint8Array.of(value), 1)));
    await new Promise(requestAnimationFrame);
    await new Promise(requestAnimationFrame);
    renderer.dispose();
    expect([count, reds(pixelsOf(canvas))]).toEqual([1, [3]]);
  });
});

describe('gl equals cpu', () => {
  const frames: [string, StoredFrame][] = [
    ['every unsigned pattern', stored(allPatterns(), 256)],
    ['every signed pattern', stored(new Int16Array(allPatterns().buffer), 256)],
  ];
  const voi = windowed(1000.3, 30_000.7);

  test.each(frames)('%s, in every orientation', (_, frame) => {
    for (const orientation of orientations()) {
      const scene = sceneOf(frame, { voi, orientation });
      expect(drawn('gl', scene)).toEqual(drawn('cpu', scene));
    }
  });

  test.each(frames)('%s, in colours', (_, frame) => {
    for (const colorMap of ['pet', 'turbo'] as const) {
      const scene = sceneOf(frame, { voi, colorMap });
      expect(drawn('gl', scene)).toEqual(drawn('cpu', scene));
    }
  });

  test('enlarged and moved by odd amounts', () => {
    const frame = stored(allPatterns(), 256);
    for (const zoom of [2, 3, 5]) {
      const scene = sceneOf(frame, { voi, zoom, viewport: { width: 301, height: 203 } });
      expect(drawn('gl', scene)).toEqual(drawn('cpu', scene));
    }
  });
});

test('two canvases take turns on one device', () => {
  const [first, second] = [rendererFor('gl'), rendererFor('gl')];
  first.renderer.draw(sceneOf(stored(Uint8Array.of(1, 2), 2)));
  second.renderer.draw(sceneOf(stored(Uint8Array.of(3, 4, 5), 3)));
  for (const { renderer } of [first, second, first]) renderer.paint();
  expect(reds(pixelsOf(first.canvas))).toEqual([1, 2]);
  expect(reds(pixelsOf(second.canvas))).toEqual([3, 4, 5]);
});

test('an image beyond the limits of the device is drawn by the CPU', () => {
  const columns = device.maxTextureSize + 1;
  const { renderer } = rendererFor('gl');
  renderer.draw(
    sceneOf(stored(new Uint8Array(columns), columns), { viewport: { width: 4, height: 4 } }),
  );
  expect(renderer.paint()).toBe('cpu');
});

test('the CPU draws while the context is lost, and the device again once it is back', async () => {
  const { renderer, canvas } = rendererFor('gl');
  const scene = sceneOf(stored(Uint16Array.of(0, 85, 170, 255), 2));
  renderer.draw(scene);
  expect(renderer.paint()).toBe('gl');
  const loss = device.gl.getExtension('WEBGL_lose_context');
  const isLost = new Promise((resolve) => {
    // In a task of its own: a context can be restored once its event has been dealt with.
    const later = () => setTimeout(resolve);
    device.gl.canvas.addEventListener('webglcontextlost', later, { once: true });
  });
  loss?.loseContext();
  await isLost;
  expect(renderer.paint()).toBe('cpu');
  expect(reds(pixelsOf(canvas))).toEqual([0, 85, 170, 255]);
  const isBack = new Promise<void>((resolve) => {
    cleanups.push(device.onRestore(resolve));
  });
  loss?.restoreContext();
  await isBack;
  expect(renderer.paint()).toBe('gl');
  expect(reds(pixelsOf(canvas))).toEqual([0, 85, 170, 255]);
});

function orientations(): Orientation[] {
  const turns = [0, 1, 2, 3].map((quarters) => rotateBy(UPRIGHT, quarters));
  return [...turns, ...turns.map(flipHorizontally)];
}

test('the first picture does not wait for the graphics card, the next ones are drawn with it', async () => {
  const create = vi.spyOn(GlDevice, 'create').mockReturnValue(device);
  cleanups.push(() => {
    create.mockRestore();
  });
  const renderer = new FrameRenderer(document.createElement('canvas'));
  cleanups.push(() => {
    renderer.dispose();
  });
  renderer.draw(sceneOf(stored(Uint8Array.of(1, 2), 2)));
  expect(renderer.paint()).toBe('cpu');
  expect(create).not.toHaveBeenCalled();
  await eventually(() => {
    expect(renderer.paint()).toBe('gl');
  });
  expect(create).toHaveBeenCalledTimes(1);
});
