import { type Roi } from '../../dicom/roi';
import { applyStep, inverse, joined, merge, operationsBetween, respelled } from './roiEdits';
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

/** The ROIs of one file: as they are here, as the server has them, and what undo needs. */
export class FileRois {
  readonly file: number;
  #list = $state.raw<readonly Roi[]>([]);
  #past = $state.raw<readonly Remembered[]>([]);
  #future = $state.raw<readonly Remembered[]>([]);
  #known: ServerRois | null = null;

  readonly entries: readonly RoiEntry[] = $derived.by(() =>
    this.#list.map((roi) => ({ key: roiKey(this.file, roi.id), file: this.file, roi })),
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
    this.#known = server;
    this.#list = list;
    return doubled;
  }

  /** Notes that the server has taken over what was sent, some of it in its own spelling. */
  acknowledge(sent: readonly Roi[], revision: string, spelled: readonly Roi[]): void {
    const spelling = new Map(spelled.map((roi) => [roi.id, roi]));
    const isSent = new Set(sent);
    this.#known = {
      path: this.#known?.path ?? '',
      revision,
      rois: sent.map((roi) => spelling.get(roi.id) ?? roi),
    };
    // What has changed since is newer than the answer.
    this.#list = this.#list.map((roi) => {
      const spelled = isSent.has(roi) ? spelling.get(roi.id) : undefined;
      return spelled === undefined ? roi : respelled(roi, spelled);
    });
  }
}
