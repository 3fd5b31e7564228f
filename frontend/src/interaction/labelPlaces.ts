/** Where labels stand: beside what they belong to, inside the viewport, and not on each other. */
import type { Point, Size } from './camera';

/** A rectangle on the screen, in CSS pixels. */
export interface ScreenBox {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** A label and what it belongs to. */
export interface LabelRequest {
  size: Size;
  /** The box around its shape. */
  shape: ScreenBox;
  /** Where a hand put its top left corner; null to find a place. */
  place: Point | null;
}

const GAP_CSS_PX = 10;
const MARGIN_CSS_PX = 4;

/** The top left corners of labels. Those that a hand placed come first, then each in turn. */
export function placeLabels(labels: readonly LabelRequest[], viewport: Size): Point[] {
  const taken: ScreenBox[] = labels.flatMap(({ place, size }) =>
    place === null ? [] : [boxAt(place, size)],
  );
  return labels.map((label) => {
    if (label.place !== null) return label.place;
    const shapes = labels.flatMap(({ shape }) => (shape === label.shape ? [] : [shape]));
    let best = pushedInside(beside(label), label.size, viewport);
    let least = Infinity;
    for (const place of placesAround(label)) {
      const box = boxAt(place, label.size);
      if (!isInside(box, viewport)) continue;
      // On another label neither can be read; on another shape it is only less clear.
      const cover = coverOf(box, taken) * LABEL_WEIGHT + coverOf(box, shapes);
      if (cover < least) [best, least] = [place, cover];
      if (least === 0) break;
    }
    taken.push(boxAt(best, label.size));
    return best;
  });
}

const LABEL_WEIGHT = 100;

/** To the right of a shape, at half its height. */
function beside({ shape, size }: Pick<LabelRequest, 'shape' | 'size'>): Point {
  return { x: shape.right + GAP_CSS_PX, y: (shape.top + shape.bottom - size.height) / 2 };
}

function placesAround({ shape, size }: LabelRequest): Point[] {
  const right = shape.right + GAP_CSS_PX;
  const left = shape.left - GAP_CSS_PX - size.width;
  const below = shape.bottom + GAP_CSS_PX;
  const above = shape.top - GAP_CSS_PX - size.height;
  const middle = (shape.left + shape.right - size.width) / 2;
  const { y: middleRow } = beside({ shape, size });
  return [
    { x: right, y: middleRow },
    { x: right, y: shape.bottom - size.height },
    { x: right, y: shape.top },
    { x: middle, y: below },
    { x: left, y: middleRow },
    { x: middle, y: above },
    { x: right, y: below },
    { x: left, y: below },
    { x: right, y: above },
    { x: left, y: above },
  ];
}

function boxAt({ x, y }: Point, { width, height }: Size): ScreenBox {
  return { left: x, top: y, right: x + width, bottom: y + height };
}

function isInside(box: ScreenBox, { width, height }: Size): boolean {
  return (
    box.left >= MARGIN_CSS_PX &&
    box.top >= MARGIN_CSS_PX &&
    box.right <= width - MARGIN_CSS_PX &&
    box.bottom <= height - MARGIN_CSS_PX
  );
}

/** Square CSS pixels of a box that others cover. */
function coverOf(box: ScreenBox, others: readonly ScreenBox[]): number {
  return others.reduce((sum, other) => {
    const width = Math.min(box.right, other.right) - Math.max(box.left, other.left);
    const height = Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top);
    return width > 0 && height > 0 ? sum + width * height : sum;
  }, 0);
}

function pushedInside(place: Point, size: Size, viewport: Size): Point {
  const within = (value: number, length: number, room: number) =>
    Math.max(MARGIN_CSS_PX, Math.min(value, room - MARGIN_CSS_PX - length));
  return {
    x: within(place.x, size.width, viewport.width),
    y: within(place.y, size.height, viewport.height),
  };
}
