/** Lengths, areas and angles of shapes, with the distance of columns and rows taken into account. */
import type { Scale } from './shapeEdits';
import { boundsOf, linesOf, type ImagePoint, type Shape } from './shapes';

/** Length of a row of points, in the unit of the scale. */
function pathLength(points: readonly ImagePoint[], scale: Scale): number {
  let length = 0;
  points.forEach((to, index) => {
    const from = points[index - 1] ?? to;
    length += Math.hypot((to.x - from.x) * scale.x, (to.y - from.y) * scale.y);
  });
  return length;
}

/** Length of the outline or of the line. */
export function shapeLength(shape: Shape, scale: Scale): number {
  if (shape.kind !== 'ellipse') {
    return linesOf(shape).reduce((sum, line) => sum + pathLength(line, scale), 0);
  }
  const { left, top, right, bottom } = boundsOf(shape.points);
  const [a, b] = [((right - left) / 2) * scale.x, ((bottom - top) / 2) * scale.y];
  if (a + b === 0) return 0;
  // Ramanujan's second approximation; a flat ellipse, its worst case, is 0.04 % short.
  const h = 3 * ((a - b) / (a + b)) ** 2;
  return Math.PI * (a + b) * (1 + h / (10 + Math.sqrt(4 - h)));
}

/** Area of a region, in the squared unit of the scale; null where the outline crosses itself. */
export function shapeArea({ kind, points }: Shape, scale: Scale): number | null {
  const { left, top, right, bottom } = boundsOf(points);
  const boxArea = (right - left) * (bottom - top) * scale.x * scale.y;
  switch (kind) {
    case 'rectangle':
      return boxArea;
    case 'ellipse':
      return (boxArea * Math.PI) / 4;
    case 'polygon':
    case 'freehand':
      return crossesItself(points) ? null : polygonArea(points) * scale.x * scale.y;
    default:
      return 0;
  }
}

function polygonArea(points: readonly ImagePoint[]): number {
  // About the first point, so that a far corner of the image costs no digits.
  const [origin = { x: 0, y: 0 }] = points;
  let twice = 0;
  points.forEach((to, index) => {
    const from = points[index - 1] ?? origin;
    twice += (from.x - origin.x) * (to.y - origin.y) - (to.x - origin.x) * (from.y - origin.y);
  });
  return Math.abs(twice) / 2;
}

/** Whether a closed outline meets itself anywhere but where neighbours join. */
export function crossesItself(points: readonly ImagePoint[]): boolean {
  const count = points.length;
  const at = (index: number) => points[index % count] as ImagePoint;
  for (let one = 0; one < count; one += 1) {
    for (let other = one + 2; other < count; other += 1) {
      if (one === 0 && other === count - 1) continue;
      if (doCross(at(one), at(one + 1), at(other), at(other + 1))) return true;
    }
  }
  return false;
}

function doCross(a: ImagePoint, b: ImagePoint, c: ImagePoint, d: ImagePoint): boolean {
  // Most pieces of a long outline are far from each other.
  if (Math.max(a.x, b.x) < Math.min(c.x, d.x) || Math.max(c.x, d.x) < Math.min(a.x, b.x)) {
    return false;
  }
  const side = (p: ImagePoint, q: ImagePoint, r: ImagePoint) =>
    Math.sign((q.x - p.x) * (r.y - p.y) - (q.y - p.y) * (r.x - p.x));
  return side(a, b, c) * side(a, b, d) < 0 && side(c, d, a) * side(c, d, b) < 0;
}

/** The angle between two arms, 0 to 180 degrees. */
export function angleDeg(shape: Shape, scale: Scale): number {
  const [first, corner, last] = shape.points;
  if (first === undefined || corner === undefined || last === undefined) return NaN;
  return between(vector(corner, first, scale), vector(corner, last, scale));
}

/** The angle between two lines, 0 to 90 degrees: it does not matter from which end each was drawn. */
export function cobbAngleDeg(shape: Shape, scale: Scale): number {
  const [a, b, c, d] = shape.points;
  if (a === undefined || b === undefined || c === undefined || d === undefined) return NaN;
  const angle = between(vector(a, b, scale), vector(c, d, scale));
  return Math.min(angle, 180 - angle);
}

function vector(from: ImagePoint, to: ImagePoint, scale: Scale): ImagePoint {
  return { x: (to.x - from.x) * scale.x, y: (to.y - from.y) * scale.y };
}

function between(one: ImagePoint, other: ImagePoint): number {
  // Exact near 0 and 180, where an arc cosine is not.
  const cross = one.x * other.y - one.y * other.x;
  const dot = one.x * other.x + one.y * other.y;
  return (Math.abs(Math.atan2(cross, dot)) * 180) / Math.PI;
}
