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
  for (const shape of openings(shutter)) {
    const outside = new Path2D(image);
    outside.addPath(shape);
    context.fill(outside, 'evenodd');
  }
  if (shutterPlane !== null) drawPlane(context, shutterPlane);
}

/** The shapes through which the image is seen. Rows and columns count from 1, a pixel's middle is at 0.5. */
function openings({ edges, circle, polygon }: ShutterStep): Path2D[] {
  const shapes: Path2D[] = [];
  if (edges !== null) {
    const [left = 1, right = 1, upper = 1, lower = 1] = edges;
    const shape = new Path2D();
    shape.rect(left - 1, upper - 1, right - left + 1, lower - upper + 1);
    shapes.push(shape);
  }
  if (circle !== null) {
    const [row = 1, column = 1, radius = 0] = circle;
    const shape = new Path2D();
    shape.arc(column - 0.5, row - 0.5, radius, 0, 2 * Math.PI);
    shapes.push(shape);
  }
  if (polygon.length > 2) {
    const shape = new Path2D();
    for (const [row = 1, column = 1] of polygon) shape.lineTo(column - 0.5, row - 0.5);
    shape.closePath();
    shapes.push(shape);
  }
  return shapes;
}

/** The grey level of the shutter as a colour. */
export function grey(level: number): string {
  return `rgb(${String(level)} ${String(level)} ${String(level)})`;
}

/** The opaque pixels of a bitmap in one colour. */
export function tinted(bitmap: ImageBitmap, color: string): ImageBitmap {
  const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
  const context = canvas.getContext('2d');
  if (context === null) return bitmap;
  context.drawImage(bitmap, 0, 0);
  context.globalCompositeOperation = 'source-in';
  context.fillStyle = color;
  context.fillRect(0, 0, bitmap.width, bitmap.height);
  return canvas.transferToImageBitmap();
}
