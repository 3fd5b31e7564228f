import { UPRIGHT } from '../interaction/camera';
import { CpuPainter } from './cpuPainter';
import type { Picture } from './picture';

/** The image alone, one pixel of the canvas for each of its own. */
export function paintWhole(picture: Picture): HTMLCanvasElement {
  const { rows, columns } = picture;
  const canvas = document.createElement('canvas');
  canvas.width = columns;
  canvas.height = rows;
  const context = canvas.getContext('2d', { willReadFrequently: true });
  if (context === null) throw new Error('this browser gives no 2D canvas');
  const painter = new CpuPainter();
  painter.paint(context, {
    picture,
    camera: {
      zoom: 1,
      pixelAspect: 1,
      center: { x: columns / 2, y: rows / 2 },
      orientation: UPRIGHT,
      viewport: { width: columns, height: rows },
    },
    pixelRatio: 1,
    isSmooth: false,
  });
  painter.dispose();
  return canvas;
}

/** The canvas as PNG, without loss. */
export function toPng(canvas: HTMLCanvasElement): Promise<Blob> {
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => {
      if (blob === null) reject(new Error('the picture is too large for this browser'));
      else resolve(blob);
    }, 'image/png');
  });
}

/** The canvas with its longer side reduced to at most so many pixels. */
export function atMost(canvas: HTMLCanvasElement, most: number): HTMLCanvasElement {
  const scale = most / Math.max(canvas.width, canvas.height);
  if (scale >= 1) return canvas;
  const small = document.createElement('canvas');
  small.width = Math.max(1, Math.round(canvas.width * scale));
  small.height = Math.max(1, Math.round(canvas.height * scale));
  const context = small.getContext('2d');
  if (context === null) throw new Error('this browser gives no 2D canvas');
  context.imageSmoothingQuality = 'high';
  context.drawImage(canvas, 0, 0, small.width, small.height);
  return small;
}
