import type { VaryingOver } from '../../api/client';

/** Over what the tags may vary. */
export type ScopeId = 'frames' | 'series' | 'chosen' | 'panes';

/** What can be asked for, with a name for the menu. */
export interface Scope {
  id: ScopeId;
  name: string;
  /** null where the choice cannot be read. */
  over: VaryingOver | null;
  /** Files that are read. */
  count: number;
}

/** What is looked at. */
interface ScopeContext {
  series: number | null;
  /** Files of the stack in reading order. */
  files: readonly number[];
  /** The file on screen, if it has several frames. */
  framesOf: number | null;
  /** Files that the panes show. */
  panes: readonly number[];
  /** Images that were picked, such as `1-10, 15`. */
  choice: string;
}

/** The scopes there are, the most likely one first. */
export function scopesOf({ series, files, framesOf, panes, choice }: ScopeContext): Scope[] {
  const scopes: Scope[] = [];
  if (framesOf !== null) {
    const over = { file: String(framesOf) };
    scopes.push({ id: 'frames', name: 'Frames of this file', over, count: 1 });
  }
  if (series !== null) {
    const over = { series: String(series) };
    scopes.push({ id: 'series', name: 'Files of this series', over, count: files.length });
  }
  if (files.length > 1) {
    const chosen = parsedChoice(choice, files.length)?.flatMap((place) => files[place] ?? []);
    const over = chosen === undefined ? null : { files: fileRanges(chosen) };
    scopes.push({ id: 'chosen', name: 'Chosen images…', over, count: chosen?.length ?? 0 });
  }
  const shown = [...new Set(panes)];
  if (shown.length > 1) {
    const over = { files: fileRanges(shown) };
    scopes.push({ id: 'panes', name: 'Files on screen', over, count: shown.length });
  }
  return scopes;
}

/** Positions from 0 for `1-10, 15`, all for nothing; null where that is no list of positions up to `count`. */
export function parsedChoice(choice: string, count: number): number[] | null {
  const parts = choice.split(/[\s,;]+/).filter(Boolean);
  if (parts.length === 0) return Array.from({ length: count }, (_, place) => place);
  const chosen = new Set<number>();
  for (const part of parts) {
    const match = /^(\d+)(?:-(\d+))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!(first >= 1 && first <= last && last <= count)) return null;
    for (let place = first - 1; place < last; place++) chosen.add(place);
  }
  return [...chosen].sort((one, other) => one - other);
}

/** `3-9,12`, in the order of the files. */
export function fileRanges(files: readonly number[]): string {
  const ranges: [first: number, last: number][] = [];
  for (const file of files) {
    const open = ranges.at(-1);
    if (open !== undefined && open[1] + 1 === file) open[1] = file;
    else ranges.push([file, file]);
  }
  return ranges
    .map(([first, last]) => (first === last ? String(first) : `${String(first)}-${String(last)}`))
    .join(',');
}
