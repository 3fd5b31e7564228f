import { frameKey, type FrameRef } from '../dicom/frameRef';

/** Frames of one batch: enough to fill a slow line, few enough to change plans in between. */
const BATCH_FRAMES = 12;

/** Fetches frames in the given order and says of each when it has been taken in. */
type FetchBatch = (refs: readonly FrameRef[], signal: AbortSignal) => AsyncIterable<FrameRef>;

interface Batch {
  controller: AbortController;
  /** What is still to come, in order. */
  pending: FrameRef[];
}

/**
 * Works off a list of frames that will be wanted, one batch at a time. A new
 * list leaves the running batch alone as long as what comes next in it is
 * among the most urgent; after a jump it is aborted.
 */
export class Prefetcher {
  readonly #fetch: FetchBatch;
  #batch: Batch | null = null;
  #waiting: readonly FrameRef[] = [];
  #listeners: (() => void)[] = [];

  constructor(fetch: FetchBatch) {
    this.#fetch = fetch;
  }

  /** Replaces the list; the most urgent frame is first. */
  plan(refs: readonly FrameRef[]): void {
    this.hold(refs);
    this.#waiting = refs;
    this.#continue();
  }

  /** Begins nothing new, and ends what is of no use for this list. */
  hold(refs: readonly FrameRef[]): void {
    this.#waiting = [];
    const next = this.#batch?.pending[0];
    if (next !== undefined && !includes(refs.slice(0, BATCH_FRAMES), next)) this.#stop();
  }

  /** Waits for a frame that is the next to come anyway; null where it is not. */
  arrival(ref: FrameRef): Promise<void> | null {
    const next = this.#batch?.pending[0];
    if (next === undefined || frameKey(next) !== frameKey(ref)) return null;
    return new Promise((resolve) => this.#listeners.push(resolve));
  }

  #continue(): void {
    if (this.#batch !== null || this.#waiting.length === 0) return;
    const pending = this.#waiting.slice(0, BATCH_FRAMES);
    const batch: Batch = { controller: new AbortController(), pending };
    this.#batch = batch;
    void this.#run(batch, [...pending]);
  }

  async #run(batch: Batch, refs: readonly FrameRef[]): Promise<void> {
    try {
      for await (const ref of this.#fetch(refs, batch.controller.signal)) {
        if (this.#batch !== batch) return;
        batch.pending = batch.pending.filter((other) => frameKey(other) !== frameKey(ref));
        this.#notify();
      }
    } catch {
      // Nobody waits for it; should it be wanted later, its failure is met then.
    }
    if (this.#batch !== batch) return;
    this.#batch = null;
    // What did not come this time is not tried again for the same list.
    this.#waiting = this.#waiting.filter((ref) => !includes(refs, ref));
    this.#notify();
    this.#continue();
  }

  #stop(): void {
    this.#batch?.controller.abort();
    this.#batch = null;
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

function includes(refs: readonly FrameRef[], ref: FrameRef): boolean {
  return refs.some((other) => frameKey(other) === frameKey(ref));
}
