/** Which part of a shape a point meets. Distances are in the unit of the scale, such as CSS pixels. */
import { handlesOf, type Scale } from './shapeEdits';
import { linesOf, type ImagePoint, type Shape } from './shapes';

/** Distance of a point from the outline, not from the inside, of a shape. */
export function distanceTo(shape: Shape, point: ImagePoint, scale: Scale): number {
  let nearest = Infinity;
  for (const line of linesOf(shape)) {
    line.forEach((to, index) => {
      const from = line[index - 1] ?? to;
      nearest = Math.min(nearest, distanceToPiece(from, to, point, scale));
    });
  }
  return nearest;
}

/** The nearest handle within reach; null for none. */
export function handleAt(
  shape: Shape,
  point: ImagePoint,
  scale: Scale,
  reach: number,
): number | null {
  let found: number | null = null;
  let nearest = reach;
  handlesOf(shape).forEach((handle, index) => {
    const distance = distanceToPiece(handle, handle, point, scale);
    if (distance <= nearest) [found, nearest] = [index, distance];
  });
  return found;
}

/** Distance of a point from a straight piece. */
export function distanceToPiece(
  from: ImagePoint,
  to: ImagePoint,
  point: ImagePoint,
  scale: Scale,
): number {
  const [lineX, lineY] = [(to.x - from.x) * scale.x, (to.y - from.y) * scale.y];
  const [x, y] = [(point.x - from.x) * scale.x, (point.y - from.y) * scale.y];
  const square = lineX * lineX + lineY * lineY;
  const along = square === 0 ? 0 : Math.min(Math.max((x * lineX + y * lineY) / square, 0), 1);
  return Math.hypot(x - along * lineX, y - along * lineY);
}
