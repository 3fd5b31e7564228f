/** How much regions have in common. */
import { eachSpan } from './shapeSpans';
import { boundsOf, isRegion, type Box, type Shape } from './shapes';

/** What of regions is laid upon each other: the boxes around them, or what they enclose. */
export type OverlapOf = 'boxes' | 'outlines';

/**
 * Intersection over union of two regions, from 0 to 1; 0 for what has no inside.
 * Boxes are compared exactly, other outlines by the pixels that they hold.
 */
export function overlap(one: Shape, other: Shape, of: OverlapOf): number {
  if (!isRegion(one) || !isRegion(other)) return 0;
  const [first, second] = [boundsOf(one.points), boundsOf(other.points)];
  const common = commonArea(first, second);
  if (common <= 0) return 0;
  const areBoxes = one.kind === 'rectangle' && other.kind === 'rectangle';
  if (of === 'outlines' && !areBoxes) return pixelOverlap(one, other, first, second);
  return common / (areaOf(first) + areaOf(second) - common);
}

function areaOf({ left, top, right, bottom }: Box): number {
  return (right - left) * (bottom - top);
}

function commonArea(one: Box, other: Box): number {
  const width = Math.min(one.right, other.right) - Math.max(one.left, other.left);
  const height = Math.min(one.bottom, other.bottom) - Math.max(one.top, other.top);
  return Math.max(width, 0) * Math.max(height, 0);
}

type Runs = Map<number, (readonly [first: number, end: number])[]>;

function pixelOverlap(one: Shape, other: Shape, first: Box, second: Box): number {
  const image = {
    rows: Math.ceil(Math.max(first.bottom, second.bottom)),
    columns: Math.ceil(Math.max(first.right, second.right)),
  };
  const runs: Runs = new Map();
  let total = 0;
  eachSpan(one, image, (row, start, end) => {
    total += end - start;
    runs.set(row, [...(runs.get(row) ?? []), [start, end]]);
  });
  let common = 0;
  eachSpan(other, image, (row, start, end) => {
    total += end - start;
    for (const [from, to] of runs.get(row) ?? []) {
      common += Math.max(0, Math.min(end, to) - Math.max(start, from));
    }
  });
  return total === 0 ? 0 : common / (total - common);
}
