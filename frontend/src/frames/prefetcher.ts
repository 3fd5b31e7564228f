import { frameKey, type FrameRef } from '../dicom/frameRef';

/** A frame that will be wanted. */
export interface Errand {
  ref: FrameRef;
  /** The longer side to which it is reduced; null for the whole frame. */
  size: number | null;
}

/** Frames of one batch: enough to fill a slow line, few enough to change plans in between. */
const BATCH_FRAMES = 12;

/** The next batch is asked for while so many of the last are to come, so that the line is never idle. */
const OVERLAP_FRAMES = 4;

/** Fetches frames of one size in the given order and says of each when it has been taken in. */
type FetchBatch = (errands: readonly Errand[], signal: AbortSignal) => AsyncIterable<FrameRef>;

interface Batch {
  controller: AbortController;
  /** What is still to come, in order. */
  pending: Errand[];
}

/**
 * Works off a list of frames that will be wanted, in batches. A new list leaves
 * a running batch alone as long as half of what is to come in it is among the
 * most urgent; after a jump it is aborted.
 */
export class Prefetcher {
  readonly #fetch: FetchBatch;
  readonly #batches = new Set<Batch>();
  #waiting: readonly Errand[] = [];
  #listeners: (() => void)[] = [];

  constructor(fetch: FetchBatch) {
    this.#fetch = fetch;
  }

  /** Replaces the list; the most urgent frame is first. For now only `count` of them are begun. */
  plan(errands: readonly Errand[], count = Infinity): void {
    this.hold(errands);
    const coming = this.#coming();
    this.#waiting = errands.slice(0, count).filter((errand) => !coming.has(errandKey(errand)));
    this.#continue();
  }

  /** Whether a reduced frame has been asked for and is still to come. */
  isReducedComing(ref: FrameRef): boolean {
    return this.#coming().has(key(ref, true));
  }

  /** Begins nothing new, and ends what is of no use for this list. */
  hold(errands: readonly Errand[]): void {
    this.#waiting = [];
    const urgent = new Set(errands.slice(0, BATCH_FRAMES + OVERLAP_FRAMES).map(errandKey));
    for (const batch of this.#batches) {
      // Who steps fast passes some of them before they are there.
      const useful = batch.pending.filter((errand) => urgent.has(errandKey(errand)));
      if (2 * useful.length < batch.pending.length) this.#stop(batch);
    }
  }

  /** Waits for a frame that is the next to come anyway; null where it is not. */
  arrival(errand: Errand): Promise<void> | null {
    const wanted = errandKey(errand);
    const isNext = [...this.#batches].some(
      ({ pending: [next] }) => next !== undefined && errandKey(next) === wanted,
    );
    return isNext ? new Promise((resolve) => this.#listeners.push(resolve)) : null;
  }

  #coming(): Set<string> {
    return new Set([...this.#batches].flatMap(({ pending }) => pending.map(errandKey)));
  }

  #continue(): void {
    const [first] = this.#waiting;
    const [running, second] = this.#batches;
    if (first === undefined || second !== undefined) return;
    if (running !== undefined && running.pending.length > OVERLAP_FRAMES) return;
    let count = 1;
    while (count < BATCH_FRAMES && this.#waiting[count]?.size === first.size) count += 1;
    const batch = { controller: new AbortController(), pending: this.#waiting.slice(0, count) };
    // What does not come this time is not tried again for the same list.
    this.#waiting = this.#waiting.slice(count);
    this.#batches.add(batch);
    void this.#run(batch);
  }

  async #run(batch: Batch): Promise<void> {
    try {
      for await (const ref of this.#fetch([...batch.pending], batch.controller.signal)) {
        if (!this.#batches.has(batch)) return;
        batch.pending = batch.pending.filter((other) => frameKey(other.ref) !== frameKey(ref));
        this.#notify();
        this.#continue();
      }
    } catch {
      // Nobody waits for it; should it be wanted later, its failure is met then.
    }
    if (!this.#batches.delete(batch)) return;
    this.#notify();
    this.#continue();
  }

  #stop(batch: Batch): void {
    this.#batches.delete(batch);
    batch.controller.abort();
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners.splice(0)) listener();
  }
}

function errandKey({ ref, size }: Errand): string {
  return key(ref, size !== null);
}

/** Sizes vary with the line: any reduced frame will do. */
function key(ref: FrameRef, isReduced: boolean): string {
  return frameKey(ref) + (isReduced ? ' reduced' : '');
}
