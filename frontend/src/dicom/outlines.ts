/**
 * Closed outlines as the lines that are seen of them. An outline with holes is
 * one row of points that goes to each hole and back on the same way: such cuts
 * enclose nothing, and are no part of what is drawn and measured.
 */
interface Corner {
  readonly x: number;
  readonly y: number;
}

type Line = readonly Corner[];

/** Fewer corners make no outline with a hole and a cut to it. */
const LEAST_WITH_CUT = 10;

const known = new WeakMap<Line, readonly Line[]>();

/** The lines of the outline through these corners; without cuts one, which ends where it begins. */
export function outlineLines(points: Line): readonly Line[] {
  if (points.length < LEAST_WITH_CUT) return [closed(points)];
  const found = known.get(points) ?? withoutCuts(closed(points));
  known.set(points, found);
  return found;
}

function closed(points: Line): Line {
  return [...points, ...points.slice(0, 1)];
}

function withoutCuts(line: Line): readonly Line[] {
  const names = line.map(({ x, y }) => `${String(x)} ${String(y)}`);
  const sides = new Set(names.slice(1).map((name, index) => `${names[index] ?? ''}>${name}`));
  const lines: Corner[][] = [];
  let isOpen = false;
  line.slice(1).forEach((to, index) => {
    const isCut = sides.has(`${names[index + 1] ?? ''}>${names[index] ?? ''}`);
    if (!isCut && isOpen) lines.at(-1)?.push(to);
    if (!isCut && !isOpen) lines.push([line[index] as Corner, to]);
    isOpen = !isCut;
  });
  return lines;
}
