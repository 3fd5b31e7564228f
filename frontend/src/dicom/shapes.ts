/**
 * Shapes over an image, as plain points. A shape never changes: an edit makes
 * another one. Points are image points: (column, row) with 0.0 at the top left
 * corner of the first pixel.
 */

import { outlineLines } from './outlines';

export interface ImagePoint {
  readonly x: number;
  readonly y: number;
}

export type ShapeKind =
  /** Two opposite corners, the one nearer to the first pixel first. */
  | 'rectangle'
  /** Two opposite corners of the box around it. */
  | 'ellipse'
  /** The corners of a closed outline. */
  | 'polygon'
  /** A closed outline as the hand drew it. */
  | 'freehand'
  /** The bends of an open line. */
  | 'polyline'
  | 'point'
  | 'length'
  /** Arm, corner, arm. */
  | 'angle'
  /** Two lines, one after the other. */
  | 'cobb';

export interface Shape {
  readonly kind: ShapeKind;
  readonly points: readonly ImagePoint[];
}

interface KindFacts {
  name: string;
  /** How many points it has; null for as many as somebody draws. */
  pointCount: number | null;
  leastPoints: number;
  /** Whether it has an inside. */
  isRegion: boolean;
  /** Whether it is shaped by the box around it, and not point by point. */
  hasBox: boolean;
}

export const SHAPE_KINDS: Readonly<Record<ShapeKind, KindFacts>> = {
  rectangle: { name: 'Rectangle', pointCount: 2, leastPoints: 2, isRegion: true, hasBox: true },
  ellipse: { name: 'Ellipse', pointCount: 2, leastPoints: 2, isRegion: true, hasBox: true },
  polygon: { name: 'Polygon', pointCount: null, leastPoints: 3, isRegion: true, hasBox: false },
  freehand: { name: 'Freehand', pointCount: null, leastPoints: 3, isRegion: true, hasBox: true },
  polyline: { name: 'Polyline', pointCount: null, leastPoints: 2, isRegion: false, hasBox: false },
  point: { name: 'Point', pointCount: 1, leastPoints: 1, isRegion: false, hasBox: false },
  length: { name: 'Length', pointCount: 2, leastPoints: 2, isRegion: false, hasBox: false },
  angle: { name: 'Angle', pointCount: 3, leastPoints: 3, isRegion: false, hasBox: false },
  cobb: { name: 'Cobb angle', pointCount: 4, leastPoints: 4, isRegion: false, hasBox: false },
};

export function isRegion(shape: Shape): boolean {
  return SHAPE_KINDS[shape.kind].isRegion;
}

export interface Box {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** The box around points; around none, a point at the first corner. */
export function boundsOf(points: readonly ImagePoint[]): Box {
  const box = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return points.length > 0 ? box : { left: 0, top: 0, right: 0, bottom: 0 };
}

/** An ellipse is followed by this many straight pieces: off by 0.1 % of its radius. */
const ELLIPSE_PIECES = 72;

/** The lines of a shape, each a row of points; those of a closed one end where one begins. */
export function linesOf({ kind, points }: Shape): readonly (readonly ImagePoint[])[] {
  switch (kind) {
    case 'rectangle': {
      const { left, top, right, bottom } = boundsOf(points);
      const corners = [
        { x: left, y: top },
        { x: right, y: top },
        { x: right, y: bottom },
        { x: left, y: bottom },
      ];
      return [closed(corners)];
    }
    case 'ellipse':
      return [closed(ellipsePoints(boundsOf(points)))];
    case 'polygon':
    case 'freehand':
      return outlineLines(points);
    case 'cobb':
      return [points.slice(0, 2), points.slice(2)];
    default:
      return [points];
  }
}

function closed(points: readonly ImagePoint[]): readonly ImagePoint[] {
  return [...points, ...points.slice(0, 1)];
}

function ellipsePoints({ left, top, right, bottom }: Box): ImagePoint[] {
  return Array.from({ length: ELLIPSE_PIECES }, (_, piece) => {
    const turn = (2 * Math.PI * piece) / ELLIPSE_PIECES;
    return {
      x: (left + right + (right - left) * Math.cos(turn)) / 2,
      y: (top + bottom + (bottom - top) * Math.sin(turn)) / 2,
    };
  });
}

/** A region narrower than a pixel may hold none; a line shorter than this is a slip of the hand. */
const LEAST_SIDE = 1;
const LEAST_LENGTH = 0.5;

/** Whether a shape has too few points, or is too small to have been meant. */
export function isTooSmall({ kind, points }: Shape): boolean {
  if (points.length < SHAPE_KINDS[kind].leastPoints) return true;
  if (SHAPE_KINDS[kind].isRegion) {
    const { left, top, right, bottom } = boundsOf(points);
    return right - left < LEAST_SIDE || bottom - top < LEAST_SIDE;
  }
  return linesOf({ kind, points }).some((line) =>
    line.slice(1).some((point, index) => {
      const from = line[index] ?? point;
      return Math.hypot(point.x - from.x, point.y - from.y) < LEAST_LENGTH;
    }),
  );
}
