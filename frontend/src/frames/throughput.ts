import type { Transfer } from '../api/meter';

/** How much the newest answer counts. */
const WEIGHT = 0.4;

/** Shorter answers tell more of the delay than of the line. */
const LEAST_BYTES = 16_384;

/** Reduced samples are less alike, and so they compress less. */
const REDUCED_PART = 0.75;

/** How many bytes of samples the line brings in a second. */
export class Throughput {
  #full: number | null = null;
  #reduced: number | null = null;
  #script: number | null = null;

  note({ bytes, seconds, kind }: Transfer): void {
    if (bytes < LEAST_BYTES) return;
    if (kind === 'full') this.#full = smoothed(this.#full, bytes, seconds);
    else if (kind === 'reduced') this.#reduced = smoothed(this.#reduced, bytes, seconds);
    else this.#script = bytes / seconds;
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

/** Means of times and not of rates: one fast answer must not outweigh the slow ones. */
function smoothed(known: number | null, bytes: number, seconds: number): number {
  const newest = seconds / bytes;
  const before = known === null ? newest : 1 / known;
  return 1 / (before + WEIGHT * (newest - before));
}
