/** A series, or one of its stacks, on its way from the list to where it is to be seen. */
export const DRAG_TYPE = 'application/x-dcmview-series';

interface DraggedSeries {
  series: number;
  /** Key of the stack; null for the first with an image. */
  stack: string | null;
}

export function dragText(series: number, stack: string | null): string {
  return JSON.stringify({ series, stack } satisfies DraggedSeries);
}

/** What was dropped, null where it is none of ours. */
export function readDragText(text: string): DraggedSeries | null {
  try {
    const { series, stack } = JSON.parse(text) as Partial<Record<keyof DraggedSeries, unknown>>;
    if (typeof series !== 'number' || !(stack === null || typeof stack === 'string')) return null;
    return { series, stack };
  } catch {
    return null;
  }
}
