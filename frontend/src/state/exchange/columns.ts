import type { KnownColumn } from '../../api/types.gen';

/** What a column of a table can be. */
export type ColumnMeaning = KnownColumn['what'];

/** Which column has what. */
export type ColumnMapping = Readonly<Partial<Record<ColumnMeaning, string>>>;

/** For people, in the order in which they are offered. */
export const MEANINGS: Readonly<Record<ColumnMeaning, string>> = {
  file: 'File (path or name)',
  uid: 'SOP Instance UID',
  frame: 'Frame, from 0',
  frame_number: 'Frame, from 1',
  xmin: 'Left',
  ymin: 'Top',
  xmax: 'Right',
  ymax: 'Bottom',
  width: 'Width',
  height: 'Height',
  x: 'X of point or corner',
  y: 'Y of point or corner',
  label: 'Label',
  score: 'Score',
  group: 'Layer',
  note: 'Note',
};

const SHAPES: readonly (readonly ColumnMeaning[])[] = [
  ['xmin', 'ymin', 'xmax', 'ymax'],
  ['xmin', 'ymin', 'width', 'height'],
  ['x', 'y'],
];

/** A mapping in which a column means something else from now on; null for nothing. */
export function assigned(
  mapping: ColumnMapping,
  column: string,
  meaning: ColumnMeaning | null,
): ColumnMapping {
  const others = Object.entries(mapping).filter(
    ([other, name]) => name !== column && other !== meaning,
  );
  return Object.fromEntries(meaning === null ? others : [...others, [meaning, column]]);
}

/** What a column means; null for nothing. */
export function meaningOf(mapping: ColumnMapping, column: string): ColumnMeaning | null {
  const found = Object.entries(mapping).find(([, name]) => name === column);
  return found === undefined ? null : (found[0] as ColumnMeaning);
}

/** What a table cannot do without and nobody has named yet; empty where all is there. */
export function lacking(mapping: ColumnMapping): string {
  const hasShape = SHAPES.some((shape) => shape.every((meaning) => meaning in mapping));
  const hasFile = 'file' in mapping || 'uid' in mapping;
  if (!hasFile && !hasShape) {
    return 'Say which column names the file, and which have the box or point.';
  }
  if (!hasFile) return 'Say which column names the file, by path, name or UID.';
  if (!hasShape) {
    return 'Say which columns have the box (left and top with right and bottom, or with width and height) or the point.';
  }
  return '';
}
