import { SvelteMap } from 'svelte/reactivity';

import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { ImagePoint, Shape } from '../../dicom/shapes';
import { beginHistory, record, redo, undo, type History } from './history';

/** A shape on the frames that it belongs to. It never changes: an edit puts another in its place. */
export interface Measurement {
  readonly id: number;
  readonly shape: Shape;
  /** The frame it was drawn on. */
  readonly ref: FrameRef;
  /** The stack of that frame. */
  readonly stack: string;
  /** The file as its path, for lists that leave the page. */
  readonly path: string;
  /** Seen on every frame of the stack, and measured on each. */
  readonly isOnStack: boolean;
  /** Where its label was dragged, from the first point of the shape; null for where there is room. */
  readonly labelOffset: ImagePoint | null;
}

type FileHistory = History<readonly Measurement[]>;

const EMPTY: FileHistory = beginHistory<readonly Measurement[]>([]);

/** Steps of one kind that follow each other faster than this are undone together. */
const JOINED_MS = 1000;

/** All shapes that were drawn, by file, with what undo needs. */
export class Measurements {
  readonly #files = new SvelteMap<number, FileHistory>();
  readonly #clock: () => number;
  #nextId = 1;
  #lastTime = -Infinity;
  #burst = 0;
  #selectedId = $state<number | null>(null);

  /** Whether shapes are drawn over the image. */
  isShown = $state(true);

  readonly all: readonly Measurement[] = $derived(
    [...this.#files.values()].flatMap(({ present }) => present),
  );

  constructor(clock: () => number = () => performance.now()) {
    this.#clock = clock;
  }

  get selectedId(): number | null {
    return this.#selectedId;
  }

  /** Those that are seen on a frame of a stack, in the order in which they were drawn. */
  onFrame(ref: FrameRef, stack: string): readonly Measurement[] {
    const key = frameKey(ref);
    return this.all.filter(
      (one) => frameKey(one.ref) === key || (one.isOnStack && one.stack === stack),
    );
  }

  find(id: number | null): Measurement | null {
    return this.all.find((one) => one.id === id) ?? null;
  }

  /** Adds a shape and selects it. */
  add(made: Pick<Measurement, 'shape' | 'ref' | 'stack' | 'path'>): Measurement {
    const added = { ...made, id: this.#nextId++, isOnStack: false, labelOffset: null };
    this.#change(made.ref.file, (list) => [...list, added]);
    this.#selectedId = added.id;
    return added;
  }

  /** Puts something else in the place of a part. A `step` names edits that are undone together. */
  edit(
    { id, ref }: Measurement,
    parts: Partial<Pick<Measurement, 'shape' | 'isOnStack' | 'labelOffset'>>,
    step = '',
  ): void {
    this.#change(
      ref.file,
      (list) => list.map((one) => (one.id === id ? { ...one, ...parts } : one)),
      step === '' ? '' : `${step} ${String(id)}`,
    );
  }

  remove({ id, ref }: Measurement): void {
    this.#change(ref.file, (list) => list.filter((one) => one.id !== id));
    if (this.#selectedId === id) this.#selectedId = null;
  }

  select(id: number | null): void {
    this.#selectedId = id;
  }

  canUndo(file: number): boolean {
    return this.#historyOf(file).past.length > 0;
  }

  canRedo(file: number): boolean {
    return this.#historyOf(file).future.length > 0;
  }

  undo(file: number): void {
    this.#files.set(file, undo(this.#historyOf(file)));
  }

  redo(file: number): void {
    this.#files.set(file, redo(this.#historyOf(file)));
  }

  #historyOf(file: number): FileHistory {
    return this.#files.get(file) ?? EMPTY;
  }

  #change(
    file: number,
    change: (list: readonly Measurement[]) => readonly Measurement[],
    step = '',
  ): void {
    const now = this.#clock();
    if (now - this.#lastTime > JOINED_MS) this.#burst += 1;
    this.#lastTime = now;
    const history = this.#historyOf(file);
    const name = step === '' ? '' : `${step} ${String(this.#burst)}`;
    this.#files.set(file, record(history, change(history.present), name));
  }
}
