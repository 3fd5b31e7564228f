/**
 * Which pixels a region holds: those whose centre lies in it. Where an outline
 * runs exactly through a centre, the left and the top side have it and the right
 * and the bottom side have not, so that regions side by side share no pixel; an
 * ellipse, which has no neighbours, has its whole rim. Where a drawn outline
 * crosses itself, what is enclosed an even number of times is outside.
 */
import { boundsOf, type ImagePoint, type Shape } from './shapes';
import type { Samples, StoredFrame } from './storedFrame';

/** Calls with each run of pixels in a row: from column `first` up to, and without, `end`. */
export function eachSpan(
  shape: Shape,
  image: { rows: number; columns: number },
  use: (row: number, first: number, end: number) => void,
): void {
  const box = boundsOf(shape.points);
  const firstRow = Math.max(0, Math.ceil(box.top - 0.5));
  const lastRow = Math.min(image.rows - 1, Math.floor(box.bottom - 0.5));
  const spansIn = spanFinder(shape);
  for (let row = firstRow; row <= lastRow; row += 1) {
    for (const [low, high] of spansIn(row + 0.5)) {
      const first = Math.max(0, low);
      const end = Math.min(image.columns, high);
      if (first < end) use(row, first, end);
    }
  }
}

/** The samples of the pixels that a region of a monochrome frame holds, row by row. */
export function samplesInside({ samples, rows, columns }: StoredFrame, shape: Shape): Samples {
  let count = 0;
  eachSpan(shape, { rows, columns }, (_, first, end) => (count += end - first));
  const inside = samples.slice(0, count);
  let filled = 0;
  eachSpan(shape, { rows, columns }, (row, first, end) => {
    inside.set(samples.subarray(row * columns + first, row * columns + end), filled);
    filled += end - first;
  });
  return inside;
}

type Span = readonly [first: number, end: number];

/** The spans at a height, as columns that may lie outside of the image. */
function spanFinder({ kind, points }: Shape): (y: number) => Span[] {
  const box = boundsOf(points);
  switch (kind) {
    case 'rectangle':
      return (y) => (y < box.bottom ? [[columnFrom(box.left), columnFrom(box.right)]] : []);
    case 'ellipse': {
      const [x, middle] = [(box.left + box.right) / 2, (box.top + box.bottom) / 2];
      const [a, b] = [(box.right - box.left) / 2, (box.bottom - box.top) / 2];
      return (y) => {
        const share = 1 - ((y - middle) / b) ** 2;
        if (!(share >= 0)) return [];
        const half = a * Math.sqrt(share);
        return [[columnFrom(x - half), Math.floor(x + half - 0.5) + 1]];
      };
    }
    case 'polygon':
    case 'freehand':
      return (y) => polygonSpans(points, y);
    default:
      return () => [];
  }
}

/** The first column whose centre is not left of an x. */
function columnFrom(x: number): number {
  return Math.ceil(x - 0.5);
}

function polygonSpans(points: readonly ImagePoint[], y: number): Span[] {
  const crossings: number[] = [];
  let from = points[points.length - 1];
  for (const to of points) {
    if (from !== undefined && from.y <= y !== to.y <= y) {
      crossings.push(from.x + ((y - from.y) / (to.y - from.y)) * (to.x - from.x));
    }
    from = to;
  }
  crossings.sort((one, other) => one - other);
  const spans: Span[] = [];
  for (let index = 0; index + 1 < crossings.length; index += 2) {
    spans.push([
      columnFrom(crossings[index] as number),
      columnFrom(crossings[index + 1] as number),
    ]);
  }
  return spans;
}
