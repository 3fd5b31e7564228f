/** A region of interest or a measurement: a shape with all that a person or a model says of it. */
import type { ImagePoint, Shape } from './shapes';

/** It never changes: an edit puts another one with the same id in its place. */
export interface Roi {
  /** Unique among those of its file. */
  readonly id: string;
  readonly shape: Shape;
  /** Frame indices of its file in order, or all of them. */
  readonly frames: 'all' | readonly number[];
  /** What it shows, its class. */
  readonly label: string;
  /** `#rrggbb`; empty for the colour of its label. */
  readonly color: string;
  /** The layer it belongs to. */
  readonly group: string;
  readonly score: number | null;
  readonly note: string;
  readonly author: string;
  readonly source: string;
  /** Times like `2024-01-31T09:15:00Z`; empty where nobody knows. */
  readonly created: string;
  readonly modified: string;
  /** Whether hands are kept off it. */
  readonly locked: boolean;
  /**
   * Where its label was dragged, from the first point of the shape; null for where there is room.
   * Only this page knows it.
   */
  readonly labelOffset: ImagePoint | null;
}

const ID_BYTES = 8;

/** An id that no other has. */
export function newRoiId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(ID_BYTES));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

/** An ROI that says nothing but where it is, with a new id. */
export function bareRoi(shape: Shape, frames: Roi['frames']): Roi {
  return {
    id: newRoiId(),
    shape,
    frames,
    label: '',
    color: '',
    group: '',
    score: null,
    note: '',
    author: '',
    source: '',
    created: '',
    modified: '',
    locked: false,
    labelOffset: null,
  };
}

export function isOnFrame({ frames }: Roi, frame_index: number): boolean {
  return frames === 'all' || frames.includes(frame_index);
}

/** The first frame that it is seen on. */
export function firstFrame({ frames }: Roi): number {
  return frames === 'all' ? 0 : (frames[0] ?? 0);
}

/** Whether two ROIs, or two parts of them, say the same. */
export function isSame(one: unknown, other: unknown): boolean {
  if (one === other) return true;
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) {
    return false;
  }
  const [these, those] = [Object.entries(one), Object.entries(other)];
  return (
    these.length === those.length &&
    these.every(([name, value]) => isSame(value, (other as Record<string, unknown>)[name]))
  );
}
