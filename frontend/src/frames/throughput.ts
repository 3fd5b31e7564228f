import type { Transfer } from '../api/meter';

/** How much the newest answer counts. */
const WEIGHT = 0.4;

/** Shorter answers tell more of the delay than of the line. */
const LEAST_BYTES = 16_384;

/** Reduced samples are less alike, and so they compress less. */
const REDUCED_PART = 0.75;

/** The most that one answer counts as slower than those before: a line that halts for a moment is not slow. */
const MOST_SLOWER = 2.5;

/** How much each full frame makes up for slow reduced ones: what was slow once is tried again. */
const FORGIVENESS = 0.02;

/** How many bytes of samples the line brings in a second. */
export class Throughput {
  #full: number | null = null;
  #reduced: number | null = null;
  #script: number | null = null;

  note({ bytes, seconds, kind }: Transfer): void {
    if (bytes < LEAST_BYTES) return;
    const rate = bytes / seconds;
    if (kind === 'full') {
      this.#full = mean(this.#full ?? rate, rate, WEIGHT);
      const expected = REDUCED_PART * this.#full;
      if (this.#reduced !== null && this.#reduced < expected) {
        this.#reduced = mean(this.#reduced, expected, FORGIVENESS);
      }
    } else if (kind === 'reduced') {
      const known = this.reduced ?? rate;
      this.#reduced = mean(known, Math.max(rate, known / MOST_SLOWER), WEIGHT);
    } else {
      this.#script = rate;
    }
  }

  /** A first guess, before any frame is there: script shrinks about as much as samples do. */
  get guess(): number | null {
    return this.#full ?? this.#script;
  }

  /** Of full frames; null where nothing has been measured. */
  get full(): number | null {
    return this.#full;
  }

  /** Of reduced frames, as far as one can tell. */
  get reduced(): number | null {
    return this.#reduced ?? (this.#full === null ? null : REDUCED_PART * this.#full);
  }
}

/** A mean of times and not of rates: one fast answer must not outweigh the slow ones. */
function mean(known: number, newest: number, weight: number): number {
  return 1 / (1 / known + weight * (1 / newest - 1 / known));
}
