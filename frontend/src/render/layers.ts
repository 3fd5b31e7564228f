import type { OverlayInfo, ShutterStep } from '../api/types.gen';
import type { Camera } from '../interaction/camera';
import { deviceMatrix, deviceScale, deviceSize } from './scene';

/** An overlay of a frame in the colour that it is drawn in. */
export interface OverlayPlane {
  info: OverlayInfo;
  bitmap: ImageBitmap;
}

/** What lies over the image. */
export interface Layers {
  /** Size of the image. */
  rows: number;
  columns: number;
  overlays: readonly OverlayPlane[];
  shutter: ShutterStep | null;
  /** The overlay whose bits are shut, in the grey of the shutter. */
  shutterPlane: OverlayPlane | null;
  camera: Camera;
  pixelRatio: number;
}

/** From this many device pixels for an image pixel on, the bits are shown as the squares they are. */
const SQUARES_FROM_SCALE = 2;

/** Draws shutter and overlays on a canvas of their own; null clears it. */
export function drawLayers(canvas: HTMLCanvasElement, layers: Layers | null): void {
  const context = canvas.getContext('2d');
  if (context === null) return;
  if (layers === null) {
    context.clearRect(0, 0, canvas.width, canvas.height);
    return;
  }
  const { width, height } = deviceSize(layers);
  // Setting the size clears, too.
  canvas.width = width;
  canvas.height = height;
  const { a, b, c, d, e, f } = deviceMatrix(layers);
  context.setTransform(a, b, c, d, e, f);
  context.imageSmoothingEnabled = deviceScale(layers) < SQUARES_FROM_SCALE;
  context.imageSmoothingQuality = 'medium';
  if (layers.shutter !== null) {
    context.save();
    drawShutter(context, layers.shutter, layers);
    context.restore();
  }
  for (const plane of layers.overlays) drawPlane(context, plane);
}

/** Origins count from 1; an overlay may reach beyond the image or lie beside it. */
function drawPlane(context: CanvasRenderingContext2D, { info, bitmap }: OverlayPlane): void {
  context.drawImage(bitmap, info.origin_column - 1, info.origin_row - 1, info.columns, info.rows);
}

/** Covers what is outside of any of the shapes; nothing beside the image. */
function drawShutter(
  context: CanvasRenderingContext2D,
  shutter: ShutterStep,
  { rows, columns, shutterPlane }: Layers,
): void {
  const image = new Path2D();
  image.rect(0, 0, columns, rows);
  context.clip(image);
  context.fillStyle = grey(shutter.grey_level);
  const cover = (opening: Path2D) => {
    const outside = new Path2D(image);
    outside.addPath(opening);
    context.fill(outside, 'evenodd');
  };
  if (shutter.polygon.length > 2) {
    const opening = polygonOpening(shutter.polygon);
    cover(opening);
    // Pixels under the outline are seen whole; first, so that it opens nothing that others shut.
    context.globalCompositeOperation = 'destination-out';
    context.lineWidth = 1;
    context.stroke(opening);
    context.globalCompositeOperation = 'source-over';
  }
  if (shutter.edges !== null) cover(edgesOpening(shutter.edges));
  if (shutter.circle !== null) cover(circleOpening(shutter.circle));
  if (shutterPlane !== null) drawPlane(context, shutterPlane);
}

/** Rows and columns of a shutter count from 1, and the middle of a pixel is half a pixel in. */
function edgesOpening([left = 1, right = 1, upper = 1, lower = 1]: readonly number[]): Path2D {
  const shape = new Path2D();
  shape.rect(left - 1, upper - 1, right - left + 1, lower - upper + 1);
  return shape;
}

function circleOpening([row = 1, column = 1, radius = 0]: readonly number[]): Path2D {
  const shape = new Path2D();
  shape.arc(column - 0.5, row - 0.5, radius, 0, 2 * Math.PI);
  return shape;
}

function polygonOpening(vertices: readonly (readonly number[])[]): Path2D {
  const shape = new Path2D();
  for (const [row = 1, column = 1] of vertices) shape.lineTo(column - 0.5, row - 0.5);
  shape.closePath();
  return shape;
}

/** The grey level of the shutter as a colour. */
export function grey(level: number): string {
  return `rgb(${String(level)} ${String(level)} ${String(level)})`;
}

/** The opaque pixels of a bitmap, which is used up, in one colour. */
export function tinted(bitmap: ImageBitmap, color: string): ImageBitmap {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d');
  if (context === null) return bitmap;
  context.drawImage(bitmap, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = color;
  context.fillRect(0, 0, bitmap.width, bitmap.height);
  bitmap.close();
  return canvas.transferToImageBitmap();
}
