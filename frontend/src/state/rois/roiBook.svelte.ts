import { SvelteMap } from 'svelte/reactivity';

import type { FrameRef } from '../../dicom/frameRef';
import { bareRoi, isOnFrame, type Roi } from '../../dicom/roi';
import type { Shape } from '../../dicom/shapes';
import { fileOfKey, FileRois, roiKey, type RoiEntry } from './fileRois.svelte';
import { Labels } from './labels.svelte';
import { Layers } from './layers.svelte';
import type { RoiStep } from './roiEdits';

/** Steps of one kind that follow each other faster than this are undone together. */
const JOINED_MS = 1000;

type RoiParts = Partial<Omit<Roi, 'id' | 'created' | 'modified'>>;

/** All ROIs that this page knows, what is selected of them, and every edit by hand. */
export class RoiBook {
  readonly #files = new SvelteMap<number, FileRois>();
  readonly #onEdit: (file: number) => void;
  readonly #clock: () => number;
  #lastTime = -Infinity;
  #burst = 0;
  #selection = $state.raw<ReadonlySet<string>>(new Set());

  readonly labels = new Labels();
  readonly layers = new Layers();
  /** Whether any are drawn over the image. */
  isShown = $state(true);
  /** Those with a score below it are not; those without a score are. */
  leastScore = $state(-Infinity);

  readonly all: readonly RoiEntry[] = $derived.by(() =>
    [...this.#files.values()].flatMap(({ entries }) => entries),
  );

  constructor(
    onEdit: (file: number) => void = () => undefined,
    clock: () => number = () => performance.now(),
  ) {
    this.#onEdit = onEdit;
    this.#clock = clock;
  }

  /** Keys of what is selected. */
  get selection(): ReadonlySet<string> {
    return this.#selection;
  }

  /** What is known of each file that was looked at. */
  readonly files: readonly FileRois[] = $derived([...this.#files.values()]);

  /** What is selected, on any frame. */
  readonly selected: readonly RoiEntry[] = $derived.by(() => {
    const files = new Set([...this.#selection].map(fileOfKey));
    return [...files].flatMap((file) =>
      this.of(file).filter(({ key }) => this.#selection.has(key)),
    );
  });

  /** The ROIs of one file, which may be none. */
  of(file: number): readonly RoiEntry[] {
    return this.#files.get(file)?.entries ?? [];
  }

  /** The book of one file; made when it is first asked for. */
  file(file: number): FileRois {
    const known = this.#files.get(file);
    if (known !== undefined) return known;
    const made = new FileRois(file);
    this.#files.set(file, made);
    return made;
  }

  /** Those that belong to a frame, in order. */
  onFrame({ file, frame_index }: FrameRef): readonly RoiEntry[] {
    return this.of(file).filter(({ roi }) => isOnFrame(roi, frame_index));
  }

  /** Those of a frame that are drawn over it. */
  seenOn(ref: FrameRef): readonly RoiEntry[] {
    return this.isShown ? this.onFrame(ref).filter(({ roi }) => this.isSeen(roi)) : [];
  }

  /** Whether an ROI is drawn where all are not hidden. */
  isSeen({ group, score }: Roi): boolean {
    return this.layers.isShown(group) && (score === null || score >= this.leastScore);
  }

  /** Whether hands are kept off an ROI. */
  isLocked({ group, locked }: Roi): boolean {
    return locked || this.layers.isLocked(group);
  }

  colorOf({ color, label }: Roi): string {
    return color || this.labels.colorOf(label);
  }

  /** A new ROI, with the label and in the layer that were chosen for it. */
  newRoi(shape: Shape, frames: Roi['frames']): Roi {
    return { ...bareRoi(shape, frames), label: this.labels.next, group: this.layers.target };
  }

  find(key: string): RoiEntry | null {
    return this.of(fileOfKey(key)).find((entry) => entry.key === key) ?? null;
  }

  /** The file as the server calls it; empty before it was asked. */
  pathOf(file: number): string {
    return this.#files.get(file)?.known?.path ?? '';
  }

  /** Adds ROIs to a file, as one step, and selects them. */
  add(file: number, rois: readonly Roi[]): void {
    const now = timestamp();
    const { length } = this.file(file).list;
    const step = rois.map((roi, place) => ({
      before: null,
      after: { ...roi, created: roi.created || now },
      index: length + place,
    }));
    this.change(file, step);
    this.select(rois.map(({ id }) => roiKey(file, id)));
  }

  /** Puts other parts in the place of those of some ROIs. A `name` joins edits that are undone together. */
  edit(entries: readonly RoiEntry[], parts: RoiParts | ((roi: Roi) => RoiParts), name = ''): void {
    const modified = timestamp();
    this.#changeEach(
      entries,
      (roi) => ({ ...roi, ...(typeof parts === 'function' ? parts(roi) : parts), modified }),
      name === '' ? '' : `${name} ${entries.map(({ key }) => key).join(' ')}`,
    );
  }

  remove(entries: readonly RoiEntry[]): void {
    this.#changeEach(entries, () => null, '');
    const removed = new Set(entries.map(({ key }) => key));
    this.select([...this.#selection].filter((key) => !removed.has(key)));
  }

  /** Any step in one file; steps of one name that follow each other quickly are undone together. */
  change(file: number, step: RoiStep, name = ''): void {
    const now = this.#clock();
    if (now - this.#lastTime > JOINED_MS) this.#burst += 1;
    this.#lastTime = now;
    this.file(file).change(step, name === '' ? '' : `${name} ${String(this.#burst)}`);
    this.#onEdit(file);
  }

  select(keys: Iterable<string>): void {
    this.#selection = new Set(keys);
  }

  /** Selects what was not selected, and lets go of what was. */
  toggle(key: string): void {
    const rest = [...this.#selection].filter((one) => one !== key);
    this.select(rest.length < this.#selection.size ? rest : [...rest, key]);
  }

  canUndo(file: number): boolean {
    return this.#files.get(file)?.canUndo ?? false;
  }

  canRedo(file: number): boolean {
    return this.#files.get(file)?.canRedo ?? false;
  }

  undo(file: number): void {
    this.file(file).undo();
    this.#onEdit(file);
  }

  redo(file: number): void {
    this.file(file).redo();
    this.#onEdit(file);
  }

  #changeEach(entries: readonly RoiEntry[], change: (roi: Roi) => Roi | null, name: string): void {
    for (const file of new Set(entries.map((entry) => entry.file))) {
      const own = entries.filter((entry) => entry.file === file);
      const places = new Map(this.file(file).list.map((roi, index) => [roi.id, index]));
      const step = own.map(({ roi }) => ({
        before: roi,
        after: change(roi),
        index: places.get(roi.id) ?? 0,
      }));
      this.change(file, step, name);
    }
  }
}

/** Now, to the second, as the server takes it. */
function timestamp(): string {
  return `${new Date().toISOString().slice(0, 19)}Z`;
}
