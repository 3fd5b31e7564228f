/** Shutter and overlays on a canvas, pixel by pixel, in a real browser. */
import { expect, test } from 'vitest';

import type { ShutterStep } from '../api/types.gen';
import { resolveCamera, WHOLE_IMAGE } from '../interaction/camera';
import { drawLayers, tinted, type Layers } from './layers';

const OPEN: ShutterStep = {
  edges: null,
  circle: null,
  polygon: [],
  overlay_group: null,
  grey_level: 40,
};

/** Layers of an image of 8 x 8 pixels, ten device pixels each. */
function layers(change: Partial<Layers>): Layers {
  const viewport = { width: 80, height: 80 };
  return {
    rows: 8,
    columns: 8,
    overlays: [],
    shutter: null,
    shutterPlane: null,
    camera: resolveCamera(WHOLE_IMAGE, { width: 8, height: 8 }, viewport),
    pixelRatio: 1,
    ...change,
  };
}

/** The middle of each image pixel: `#` where something is drawn, `.` where the image is seen. */
function picture(canvas: HTMLCanvasElement): string[] {
  const context = canvas.getContext('2d');
  return Array.from({ length: 8 }, (_, row) =>
    Array.from({ length: 8 }, (_, column) => {
      const alpha = context?.getImageData(10 * column + 5, 10 * row + 5, 1, 1).data[3] ?? 0;
      return alpha > 127 ? '#' : '.';
    }).join(''),
  );
}

function drawn(change: Partial<Layers>): HTMLCanvasElement {
  const canvas = document.createElement('canvas');
  drawLayers(canvas, layers(change));
  return canvas;
}

async function plane(columns: number, rows: number, origin: [row: number, column: number]) {
  const data = new ImageData(new Uint8ClampedArray(columns * rows * 4).fill(255), columns);
  const bitmap = tinted(await createImageBitmap(data), 'rgb(10 20 30)');
  const [origin_row, origin_column] = origin;
  const info = { group: 0x6000, rows, columns, origin_row, origin_column };
  return { info: { ...info, kind: 'G', label: '', description: '' }, bitmap };
}

test('edges are the first and the last that are seen, counted from 1', () => {
  const canvas = drawn({ shutter: { ...OPEN, edges: [2, 7, 3, 4] } });
  const [shut, seen] = ['########', '#......#'];
  expect(picture(canvas)).toEqual([shut, shut, seen, seen, shut, shut, shut, shut]);
  const pixel = canvas.getContext('2d')?.getImageData(5, 5, 1, 1).data;
  expect(Array.from(pixel ?? [])).toEqual([40, 40, 40, 255]);
});

test('a circle is about the middle of its pixel', () => {
  // Row 4, column 5, radius 2: pixels whose middles are at most 2 away.
  expect(picture(drawn({ shutter: { ...OPEN, circle: [4, 5, 2.1] } }))).toEqual([
    '########',
    '####.###',
    '###...##',
    '##.....#',
    '###...##',
    '####.###',
    '########',
    '########',
  ]);
});

test('a polygon shows the pixels under its outline, as the server does', () => {
  const polygon = [
    [2, 2],
    [2, 6],
    [4, 6],
    [4, 2],
  ];
  const [shut, seen] = ['########', '#.....##'];
  expect(picture(drawn({ shutter: { ...OPEN, polygon } }))).toEqual([
    shut,
    seen,
    seen,
    seen,
    shut,
    shut,
    shut,
    shut,
  ]);
});

test('what is seen is seen through all shapes', () => {
  const polygon = [
    [2, 2],
    [2, 6],
    [4, 6],
    [4, 2],
  ];
  const shutter = { ...OPEN, edges: [4, 8, 1, 3], polygon };
  const [shut, seen] = ['########', '###...##'];
  expect(picture(drawn({ shutter })).slice(0, 5)).toEqual([shut, seen, seen, shut, shut]);
});

test('an overlay that begins before the image lies where it lies', async () => {
  const overlay = await plane(3, 3, [-1, 7]);
  const canvas = drawn({ overlays: [overlay] });
  expect(picture(canvas).slice(0, 2)).toEqual(['......##', '........']);
  const pixel = canvas.getContext('2d')?.getImageData(65, 5, 1, 1).data;
  expect(Array.from(pixel ?? [])).toEqual([10, 20, 30, 255]);
});

test('bits of a bitmap shutter are shut', async () => {
  const shutterPlane = await plane(8, 2, [1, 1]);
  const canvas = drawn({ shutter: { ...OPEN, overlay_group: 0x6000 }, shutterPlane });
  expect(picture(canvas).slice(0, 3)).toEqual(['########', '########', '........']);
});

test('nothing is left of layers that are taken away', () => {
  const canvas = drawn({ shutter: { ...OPEN, edges: [2, 7, 3, 4] } });
  drawLayers(canvas, null);
  expect(picture(canvas)).toEqual(Array(8).fill('........'));
});
