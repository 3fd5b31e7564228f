import { histogramOf, type Histogram } from '../../dicom/histogram';
import { samplesInside } from '../../dicom/shapeSpans';
import type { Shape } from '../../dicom/shapes';
import { isMonochrome } from '../../dicom/storedFrame';
import type { Windowed } from './windowing.svelte';

/** While frames fly past, one in this many milliseconds is counted. */
const INTERVAL_MS = 100;

/** What is counted: a frame, or a region of it. */
interface Counted extends Windowed {
  region: Shape | null;
}

function isSame(first: Counted | null, second: Counted | null): boolean {
  return (
    first?.stored === second?.stored &&
    first?.recipe === second?.recipe &&
    first?.region === second?.region
  );
}

/** The histogram of the frame on screen, which may lag a little behind it. */
export class HistogramView {
  #histogram = $state.raw<Histogram | null>(null);
  #counted: Counted | null = null;
  #wanted: Counted | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;

  /** Counts on an axis of powers of ten, on which small peaks are seen beside large ones. */
  isLog = $state(true);

  /** null for colour, and where all is padding. */
  get histogram(): Histogram | null {
    return this.#histogram;
  }

  /** Counts a frame soon, and not while others still come and go. */
  show(frame: Windowed | null, region: Shape | null = null): void {
    this.#wanted = frame && { ...frame, region };
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
    if (isSame(frame, this.#counted)) return;
    this.#counted = frame;
    if (frame === null || !isMonochrome(frame.stored)) {
      this.#histogram = null;
      return;
    }
    const { stored, recipe, region } = frame;
    const samples = region === null ? stored.samples : samplesInside(stored, region);
    this.#histogram = histogramOf(samples, recipe.modality, recipe.padding);
  }
}
