import { type Roi } from '../../dicom/roi';
import {
  applyStep,
  inverse,
  isAlike,
  joined,
  merge,
  operationsBetween,
  respelled,
} from './roiEdits';
import type { RoiOperation, RoiStep } from './roiEdits';

/** One ROI with its file. */
export interface RoiEntry {
  /** Unique on the page. */
  readonly key: string;
  readonly file: number;
  readonly roi: Roi;
}

/** What the server has. */
export interface ServerRois {
  readonly revision: string;
  /** The file as its path, which tells whether an index still means the same. */
  readonly path: string;
  readonly rois: readonly Roi[];
}

interface Remembered {
  readonly step: RoiStep;
  /** Names what it did, so that the next of its kind can join it. */
  readonly name: string;
}

export function roiKey(file: number, id: string): string {
  return `${String(file)}/${id}`;
}

export function fileOfKey(key: string): number {
  return Number(key.split('/', 1)[0]);
}

/** The ROIs of one file: as they are here, as the server has them, and what undo needs. */
export class FileRois {
  readonly file: number;
  #list = $state.raw<readonly Roi[]>([]);
  #past = $state.raw<readonly Remembered[]>([]);
  #future = $state.raw<readonly Remembered[]>([]);
  #known: ServerRois | null = null;

  readonly #entryOf = new WeakMap<Roi, RoiEntry>();

  readonly entries: readonly RoiEntry[] = $derived.by(() =>
    this.#list.map((roi) => this.#entry(roi)),
  );

  constructor(file: number) {
    this.file = file;
  }

  get list(): readonly Roi[] {
    return this.#list;
  }

  /** What the server has as far as is known; null before it was asked. */
  get known(): ServerRois | null {
    return this.#known;
  }

  get canUndo(): boolean {
    return this.#past.length > 0;
  }

  get canRedo(): boolean {
    return this.#future.length > 0;
  }

  /** What the server does not know yet. */
  get unsent(): RoiOperation[] {
    return operationsBetween(this.#known?.rois ?? [], this.#list);
  }

  /** Carries out a step. One of the same name as the last is undone together with it. */
  change(step: RoiStep, name = ''): void {
    const { list, done } = applyStep(this.#list, step);
    if (done.length === 0) return;
    this.#list = list;
    this.#future = [];
    const last = this.#past.at(-1);
    if (name !== '' && last?.name === name) {
      this.#past = [...this.#past.slice(0, -1), { step: joined(last.step, done), name }];
    } else {
      this.#past = [...this.#past, { step: done, name }];
    }
  }

  undo(): void {
    const last = this.#past.at(-1);
    if (last === undefined) return;
    this.#past = this.#past.slice(0, -1);
    const { list, done } = applyStep(this.#list, inverse(last.step));
    this.#list = list;
    this.#future = [{ step: inverse(done), name: '' }, ...this.#future];
  }

  redo(): void {
    const [next, ...later] = this.#future;
    if (next === undefined) return;
    this.#future = later;
    const { list, done } = applyStep(this.#list, next.step);
    this.#list = list;
    this.#past = [...this.#past, { step: done, name: '' }];
  }

  /** Takes in what the server has; edits made here stay. Gives how many ROIs there are twice now. */
  receive(server: ServerRois): number {
    const { list, doubled } = merge(this.#known?.rois ?? [], this.#list, server.rois);
    const own = new Map(list.map((roi) => [roi.id, roi]));
    // The very same where it is the same: comparing thousands after each edit would be slow.
    const rois = server.rois.map((roi) => {
      const here = own.get(roi.id);
      return here !== undefined && isAlike(here, roi) ? here : roi;
    });
    this.#known = { ...server, rois };
    this.#list = list;
    return doubled;
  }

  /** Notes that the server has taken over what was sent, some of it in its own spelling. */
  acknowledge(sent: readonly Roi[], revision: string, spelled: readonly Roi[]): void {
    const spelling = new Map(spelled.map((roi) => [roi.id, roi]));
    const spelt = new Map(
      sent.map((roi) => {
        const other = spelling.get(roi.id);
        return [roi, other === undefined ? roi : respelled(roi, other)];
      }),
    );
    const path = this.#known?.path ?? '';
    this.#known = { path, revision, rois: [...spelt.values()] };
    // What has changed since is newer than the answer.
    this.#list = this.#list.map((roi) => spelt.get(roi) ?? roi);
  }

  #entry(roi: Roi): RoiEntry {
    const known = this.#entryOf.get(roi);
    if (known !== undefined) return known;
    const entry = { key: roiKey(this.file, roi.id), file: this.file, roi };
    this.#entryOf.set(roi, entry);
    return entry;
  }
}
