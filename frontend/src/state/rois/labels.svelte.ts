import { labelColor } from '../../dicom/labelColors';
import type { Roi } from '../../dicom/roi';

/** The labels that ROIs can have, in the order of their keys, and the one that the next ROI gets. */
export class Labels {
  /** As the server lists them: those that the user named, then those of all ROIs. */
  known = $state.raw<readonly string[]>([]);
  /** Those that were typed on this page. */
  #typed = $state.raw<readonly string[]>([]);
  /** What is drawn next is called so; empty for no label. */
  next = $state('');

  readonly all: readonly string[] = $derived([...new Set([...this.known, ...this.#typed])]);
  readonly #places = $derived(new Map(this.all.map((label, place) => [label, place])));

  /** Takes a label into the list. */
  note(label: string): void {
    if (label !== '' && !this.#places.has(label)) this.#typed = [...this.#typed, label];
  }

  /** The label of a digit key; null where there are not so many. */
  ofKey(digit: number): string | null {
    return this.all[digit - 1] ?? null;
  }

  /** The key of a label; empty for those that have none. */
  keyOf(label: string): string {
    const place = this.#places.get(label) ?? Infinity;
    return place < 9 ? String(place + 1) : '';
  }

  /** The colour of what has a label; empty for the usual one. */
  colorOf(label: string): string {
    return labelColor(this.#places.get(label) ?? -1);
  }
}

/** How many ROIs have each label. */
export function labelCounts(rois: readonly Roi[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of rois) counts.set(label, (counts.get(label) ?? 0) + 1);
  return counts;
}
