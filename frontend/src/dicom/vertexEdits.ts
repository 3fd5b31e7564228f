/** Points of outlines and lines, put in, taken out and pulled one by one. */
import { clampPoint, type ImageSize, type Scale } from './shapeEdits';
import { distanceToPiece } from './shapeHits';
import { SHAPE_KINDS, type ImagePoint, type Shape } from './shapes';

/** Whether a shape has as many points as somebody draws, and each for itself. */
export function hasVertices({ kind }: Shape): boolean {
  return SHAPE_KINDS[kind].pointCount === null && !SHAPE_KINDS[kind].hasBox;
}

/** The straight pieces of an outline or a line; each begins at the point of its index. */
function edgesOf({ kind, points }: Shape): (readonly [ImagePoint, ImagePoint])[] {
  return points.flatMap((from, index) => {
    const to = points[index + 1] ?? (SHAPE_KINDS[kind].isRegion ? points[0] : undefined);
    return to === undefined ? [] : [[from, to] as const];
  });
}

interface Edge {
  /** Index of the point at which it begins. */
  readonly edge: number;
  readonly middle: ImagePoint;
}

/** The edges that are at least so long, in the unit of the scale. */
export function longEdges(shape: Shape, scale: Scale, least: number): readonly Edge[] {
  if (!hasVertices(shape)) return [];
  return edgesOf(shape).flatMap(([from, to], edge) => {
    const isLong = Math.hypot((to.x - from.x) * scale.x, (to.y - from.y) * scale.y) >= least;
    return isLong ? [{ edge, middle: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 } }] : [];
  });
}

/** The edge that comes nearest to a point. */
export function nearestEdge(shape: Shape, point: ImagePoint, scale: Scale): number {
  const distances = edgesOf(shape).map(([from, to]) => distanceToPiece(from, to, point, scale));
  return distances.indexOf(Math.min(...distances));
}

/** The shape with one more point on an edge. */
export function insertPoint(shape: Shape, edge: number, at: ImagePoint, image: ImageSize): Shape {
  const points = [...shape.points];
  points.splice(edge + 1, 0, clampPoint(at, image));
  return { kind: shape.kind, points };
}

/** The shape without one of its points; null where it needs all that it has. */
export function removePoint(shape: Shape, index: number): Shape | null {
  const { kind, points } = shape;
  if (!hasVertices(shape) || points.length <= SHAPE_KINDS[kind].leastPoints) return null;
  return { kind, points: points.filter((_, place) => place !== index) };
}

/**
 * An outline pulled from one place to another: its nearest point goes all the way, those within
 * `reach` along the outline go less the farther they are.
 */
export function bendOutline(
  { kind, points }: Shape,
  from: ImagePoint,
  to: ImagePoint,
  { scale, image, reach }: { scale: Scale; image: ImageSize; reach: number },
): Shape {
  const gap = (one: ImagePoint, other: ImagePoint) =>
    Math.hypot((one.x - other.x) * scale.x, (one.y - other.y) * scale.y);
  const gaps = points.map((point) => gap(point, from));
  const nearest = gaps.indexOf(Math.min(...gaps));
  const { length } = points;
  const distances = new Map([[nearest, 0]]);
  for (const step of [1, -1]) {
    let distance = 0;
    let last = points[nearest];
    for (let count = 1; count < length; count++) {
      const index = (nearest + step * count + length * count) % length;
      const point = points[index];
      if (point === undefined || last === undefined) break;
      distance += gap(last, point);
      if (distance >= reach) break;
      distances.set(index, Math.min(distances.get(index) ?? Infinity, distance));
      last = point;
    }
  }
  const moved = points.map((point, index) => {
    const distance = distances.get(index);
    if (distance === undefined) return point;
    // Smooth at both ends.
    const share = (1 - (distance / reach) ** 2) ** 2;
    return clampPoint(
      { x: point.x + share * (to.x - from.x), y: point.y + share * (to.y - from.y) },
      image,
    );
  });
  return { kind, points: moved };
}
