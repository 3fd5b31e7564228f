/** Cells of one size in rows, all lengths in CSS pixels. */
interface SheetGrid {
  count: number;
  columns: number;
  rows: number;
  cellWidth: number;
  rowHeight: number;
  /** Where the first column begins. */
  left: number;
  /** Height of all rows. */
  height: number;
}

const GAP = 8;

/** As many columns as there is room for, at least one, in the middle. */
export function sheetGrid(
  count: number,
  width: number,
  size: number,
  labelHeight: number,
): SheetGrid {
  const [cellWidth, rowHeight] = [size + GAP, size + labelHeight + GAP];
  const columns = Math.max(1, Math.floor((width - GAP) / cellWidth));
  const rows = Math.ceil(count / columns);
  const left = Math.max(0, Math.floor((width - columns * cellWidth + GAP) / 2));
  return { count, columns, rows, cellWidth, rowHeight, left, height: rows * rowHeight + GAP };
}

/** Rows that are in sight, at least in part, from the first to before the last. */
export function rowsInSight(
  { rows, rowHeight }: SheetGrid,
  top: number,
  height: number,
): { first: number; end: number } {
  const first = Math.min(Math.max(0, Math.floor(top / rowHeight)), Math.max(0, rows - 1));
  return { first, end: Math.min(rows, Math.ceil((top + height) / rowHeight)) };
}

/** The cell that a key goes to from another; null for keys that move nothing. */
export function cellAfter(
  key: string,
  from: number,
  { count, columns, rowHeight }: SheetGrid,
  height: number,
): number | null {
  const page = Math.max(1, Math.floor(height / rowHeight)) * columns;
  const moves: Readonly<Record<string, number>> = {
    ArrowLeft: from - 1,
    ArrowRight: from + 1,
    ArrowUp: from - columns,
    ArrowDown: from + columns,
    PageUp: from - page,
    PageDown: from + page,
    Home: 0,
    End: count - 1,
  };
  const to = moves[key];
  if (to === undefined) return null;
  // Up and down keep their column: at the ends they stay where they are, or go to the last cell of a short row.
  if (key === 'ArrowUp' && to < 0) return from;
  if (key === 'ArrowDown' && to >= count) {
    const isLastRow = Math.floor(from / columns) === Math.floor((count - 1) / columns);
    return isLastRow ? from : count - 1;
  }
  return Math.min(Math.max(to, 0), count - 1);
}
