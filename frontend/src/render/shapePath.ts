/** Shapes as paths of SVG and canvas, in image points. */
import { boundsOf, linesOf, type ImagePoint, type Shape } from '../dicom/shapes';

export function shapePath(shape: Shape): string {
  if (shape.kind !== 'ellipse') return linesOf(shape).map(linePath).join('');
  const { left, top, right, bottom } = boundsOf(shape.points);
  const [a, b, y] = [(right - left) / 2, (bottom - top) / 2, (top + bottom) / 2].map(String);
  const arc = `A${a ?? ''} ${b ?? ''} 0 0 1`;
  return `M${String(left)} ${y ?? ''}${arc} ${String(right)} ${y ?? ''}${arc} ${String(left)} ${y ?? ''}Z`;
}

/** What joins the two lines of a Cobb angle; empty for other shapes. */
export function jointPath({ kind, points }: Shape): string {
  const [a, b, c, d] = points;
  if (kind !== 'cobb' || a === undefined || b === undefined) return '';
  if (c === undefined || d === undefined) return '';
  return linePath([middle(a, b), middle(c, d)]);
}

function linePath(points: readonly ImagePoint[]): string {
  const [first] = points;
  // A line without length is a dot.
  const all = points.length === 1 && first !== undefined ? [first, first] : points;
  return all
    .map(({ x, y }, index) => `${index === 0 ? 'M' : 'L'}${String(x)} ${String(y)}`)
    .join('');
}

function middle(one: ImagePoint, other: ImagePoint): ImagePoint {
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}
