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
    const places = placesAround(label);
    const free =
      places.find((place) => {
        const box = boxAt(place, label.size);
        return isInside(box, viewport) && !taken.some((other) => overlaps(box, other));
      }) ?? pushedInside(places[0] as Point, label.size, viewport);
    taken.push(boxAt(free, label.size));
    return free;
  });
}

function placesAround({ shape, size }: LabelRequest): Point[] {
  const right = shape.right + GAP_CSS_PX;
  const left = shape.left - GAP_CSS_PX - size.width;
  const below = shape.bottom + GAP_CSS_PX;
  const above = shape.top - GAP_CSS_PX - size.height;
  const middle = (shape.left + shape.right - size.width) / 2;
  const beside = (shape.top + shape.bottom - size.height) / 2;
  return [
    { x: right, y: beside },
    { x: right, y: shape.bottom - size.height },
    { x: right, y: shape.top },
    { x: middle, y: below },
    { x: left, y: beside },
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

function overlaps(one: ScreenBox, other: ScreenBox): boolean {
  return (
    one.left < other.right &&
    other.left < one.right &&
    one.top < other.bottom &&
    other.top < one.bottom
  );
}

function pushedInside(place: Point, size: Size, viewport: Size): Point {
  const within = (value: number, length: number, room: number) =>
    Math.max(MARGIN_CSS_PX, Math.min(value, room - MARGIN_CSS_PX - length));
  return {
    x: within(place.x, size.width, viewport.width),
    y: within(place.y, size.height, viewport.height),
  };
}
