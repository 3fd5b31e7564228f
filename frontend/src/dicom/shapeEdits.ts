/** What a hand does to a shape: each function gives another shape. */
import { boundsOf, SHAPE_KINDS, type Box, type ImagePoint, type Shape } from './shapes';

/** Columns and rows of the image: no point of a shape leaves it. */
export interface ImageSize {
  readonly width: number;
  readonly height: number;
}

/** How long a step of one column and of one row is, in whatever unit shapes are to look even. */
export interface Scale {
  readonly x: number;
  readonly y: number;
}

interface EditOptions {
  readonly image: ImageSize;
  /** Even as seen on the screen: squares, circles, lines at 45 degrees. */
  readonly isEven?: boolean;
  /** A box grows about its middle. */
  readonly isFromCenter?: boolean;
  readonly scale?: Scale;
}

const UNIT_SCALE: Scale = { x: 1, y: 1 };

/** Where a box can be taken: -1, 0 and 1 are its low side, middle and high side. */
const BOX_HANDLES = [
  { x: -1, y: -1 },
  { x: 0, y: -1 },
  { x: 1, y: -1 },
  { x: 1, y: 0 },
  { x: 1, y: 1 },
  { x: 0, y: 1 },
  { x: -1, y: 1 },
  { x: -1, y: 0 },
] as const;

/** The points by which a shape is edited. */
export function handlesOf(shape: Shape): readonly ImagePoint[] {
  if (!SHAPE_KINDS[shape.kind].hasBox) return shape.points;
  const { left, top, right, bottom } = boundsOf(shape.points);
  return BOX_HANDLES.map(({ x, y }) => ({
    x: (left + right + x * (right - left)) / 2,
    y: (top + bottom + y * (bottom - top)) / 2,
  }));
}

/** The shape elsewhere, as far as the image reaches. */
export function moveShape(shape: Shape, dx: number, dy: number, image: ImageSize): Shape {
  return moveShapes([shape], (one) => one, dx, dy, image).get(shape) ?? shape;
}

/** Shapes elsewhere, all by the same way, as far as the image reaches for all of them. */
export function moveShapes<Owner>(
  owners: readonly Owner[],
  shapeOf: (owner: Owner) => Shape,
  dx: number,
  dy: number,
  image: ImageSize,
): Map<Owner, Shape> {
  const { left, top, right, bottom } = boundsOf(owners.flatMap((one) => shapeOf(one).points));
  const moveX = clamp(dx, -left, image.width - right);
  const moveY = clamp(dy, -top, image.height - bottom);
  const moved = (shape: Shape): Shape => ({
    kind: shape.kind,
    points: shape.points.map(({ x, y }) => ({ x: x + moveX, y: y + moveY })),
  });
  return new Map(owners.map((owner) => [owner, moved(shapeOf(owner))]));
}

/** The shape with a handle at another place. Ask with the shape as it was when the drag began. */
export function moveHandle(
  shape: Shape,
  handle: number,
  to: ImagePoint,
  options: EditOptions,
): Shape {
  const inside = clampPoint(to, options.image);
  return SHAPE_KINDS[shape.kind].hasBox
    ? moveBoxHandle(shape, handle, inside, options)
    : movePoint(shape, handle, inside, options);
}

function movePoint(shape: Shape, handle: number, to: ImagePoint, options: EditOptions): Shape {
  const anchor = neighbourOf(shape, handle);
  const target =
    options.isEven === true && anchor !== undefined
      ? clampPoint(evenDirection(anchor, to, options.scale), options.image)
      : to;
  return {
    kind: shape.kind,
    points: shape.points.map((point, index) => (index === handle ? target : point)),
  };
}

/** The point that a line to this one comes from. */
function neighbourOf({ kind, points }: Shape, index: number): ImagePoint | undefined {
  // The second line of a Cobb angle begins anew.
  if (kind === 'cobb') return points[index ^ 1];
  return points[index === 0 ? 1 : index - 1];
}

function moveBoxHandle(shape: Shape, handle: number, to: ImagePoint, options: EditOptions): Shape {
  const side = BOX_HANDLES[handle];
  if (side === undefined) return shape;
  const old = boundsOf(shape.points);
  const { isEven = false, isFromCenter = false, scale = UNIT_SCALE, image } = options;
  const middle = { x: (old.left + old.right) / 2, y: (old.top + old.bottom) / 2 };
  const anchor = isFromCenter
    ? middle
    : {
        x: side.x === 1 ? old.left : old.right,
        y: side.y === 1 ? old.top : old.bottom,
      };
  const isCorner = side.x !== 0 && side.y !== 0;
  const corner = isEven && isCorner ? evenCorner(anchor, to, scale) : to;
  const box = { ...old };
  if (side.x !== 0) {
    box.left = isFromCenter ? 2 * middle.x - corner.x : anchor.x;
    box.right = corner.x;
  }
  if (side.y !== 0) {
    box.top = isFromCenter ? 2 * middle.y - corner.y : anchor.y;
    box.bottom = corner.y;
  }
  // A side that is dragged over the other one mirrors the shape, so that a hand can go on.
  const flip = { x: side.x === -1, y: side.y === -1 };
  return stretch(shape, old, box, flip, image);
}

/** The points moved along with the box that they lie in; the sides of `box` may have changed places. */
function stretch(
  shape: Shape,
  old: Box,
  box: Box,
  flip: { x: boolean; y: boolean },
  image: ImageSize,
): Shape {
  const along = (value: number, low: number, high: number, from: number, to: number) =>
    high === low ? from : from + ((value - low) / (high - low)) * (to - from);
  const [left, right] = flip.x ? [box.right, box.left] : [box.left, box.right];
  const [top, bottom] = flip.y ? [box.bottom, box.top] : [box.top, box.bottom];
  const points = shape.points.map(({ x, y }) =>
    clampPoint(
      {
        x: along(x, old.left, old.right, left, right),
        y: along(y, old.top, old.bottom, top, bottom),
      },
      image,
    ),
  );
  return shape.kind === 'freehand' ? { kind: shape.kind, points } : boxShape(shape.kind, points);
}

/** A rectangle or ellipse with its corners in order. */
function boxShape(kind: Shape['kind'], points: readonly ImagePoint[]): Shape {
  const { left, top, right, bottom } = boundsOf(points);
  return {
    kind,
    points: [
      { x: left, y: top },
      { x: right, y: bottom },
    ],
  };
}

/** A rectangle or an ellipse from where a drag began to where it is. */
export function boxFromDrag(
  kind: 'rectangle' | 'ellipse',
  from: ImagePoint,
  to: ImagePoint,
  options: EditOptions,
): Shape {
  const { isEven = false, isFromCenter = false, scale = UNIT_SCALE, image } = options;
  const corner = isEven ? evenCorner(from, to, scale) : to;
  const opposite = isFromCenter ? { x: 2 * from.x - corner.x, y: 2 * from.y - corner.y } : from;
  return boxShape(kind, [clampPoint(opposite, image), clampPoint(corner, image)]);
}

/** The corner of a square as large as the longer side of the box to `to`. */
function evenCorner(anchor: ImagePoint, to: ImagePoint, scale: Scale): ImagePoint {
  const [dx, dy] = [(to.x - anchor.x) * scale.x, (to.y - anchor.y) * scale.y];
  const side = Math.max(Math.abs(dx), Math.abs(dy));
  return {
    x: anchor.x + ((dx < 0 ? -1 : 1) * side) / scale.x,
    y: anchor.y + ((dy < 0 ? -1 : 1) * side) / scale.y,
  };
}

const EIGHTH_TURN_RAD = Math.PI / 4;

/** Steps to a pixel that a hand can tell apart at the highest zoom. */
const GRID_STEPS = 256;

/**
 * The nearest point that a hand can mean. Sums of such points are exact, and
 * the single precision of DICOM reports holds them.
 */
export function onGrid({ x, y }: ImagePoint): ImagePoint {
  return { x: Math.round(x * GRID_STEPS) / GRID_STEPS, y: Math.round(y * GRID_STEPS) / GRID_STEPS };
}

/** The point nearest to `to` that lies from `from` at a multiple of 45 degrees. */
export function evenDirection(
  from: ImagePoint,
  to: ImagePoint,
  scale: Scale = UNIT_SCALE,
): ImagePoint {
  const [dx, dy] = [(to.x - from.x) * scale.x, (to.y - from.y) * scale.y];
  const direction = Math.round(Math.atan2(dy, dx) / EIGHTH_TURN_RAD) * EIGHTH_TURN_RAD;
  const [cosine, sine] = [Math.cos(direction), Math.sin(direction)];
  const length = dx * cosine + dy * sine;
  return { x: from.x + (length * cosine) / scale.x, y: from.y + (length * sine) / scale.y };
}

export function clampPoint({ x, y }: ImagePoint, { width, height }: ImageSize): ImagePoint {
  return { x: clamp(x, 0, width), y: clamp(y, 0, height) };
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), Math.max(low, high));
}
