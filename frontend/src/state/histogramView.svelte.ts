import { histogramOf, type Histogram } from '../dicom/histogram';
import { isMonochrome } from '../dicom/storedFrame';
import type { Windowed } from './windowing.svelte';

/** While frames fly past, one in this many milliseconds is counted. */
const INTERVAL_MS = 100;

/** The histogram of the frame on screen, which may lag a little behind it. */
export class HistogramView {
  #histogram = $state.raw<Histogram | null>(null);
  #counted: Windowed | null = null;
  #wanted: Windowed | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Counts on an axis of powers of ten, on which small peaks are seen beside large ones. */
  isLog = $state(true);

  /** null for colour, and where all is padding. */
  get histogram(): Histogram | null {
    return this.#histogram;
  }

  /** Counts a frame soon, and not while others still come and go. */
  show(frame: Windowed | null): void {
    this.#wanted = frame;
    this.#timer ??= setTimeout(() => {
      this.#timer = null;
      this.#count();
    }, INTERVAL_MS);
  }

  stop(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #count(): void {
    const frame = this.#wanted;
    if (frame?.stored === this.#counted?.stored && frame?.recipe === this.#counted?.recipe) return;
    this.#counted = frame;
    this.#histogram =
      frame === null || !isMonochrome(frame.stored)
        ? null
        : histogramOf(frame.stored.samples, frame.recipe.modality, frame.recipe.padding);
  }
}
