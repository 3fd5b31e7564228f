import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import { pause } from '../../api/pause';
import type { SeriesRow } from '../../api/types.gen';
import type { FrameRef } from '../../dicom/frameRef';
import type { Details } from './details';
import type { SeriesContent, Stack } from './seriesContent';
import type { Study } from '../list/study.svelte';
import type { Look, Viewer } from './viewer.svelte';

/** While a series grows it is asked for again this often at the most. */
const RENEW_INTERVAL_MS = 1_000;

/** What is looked at for this long is likely to be left for its neighbour. */
const SETTLE_MS = 150;

/** Which of the stacks of a series is opened: by its key, or the one that holds a frame, at that frame. */
export type StackChoice =
  | 'first-image'
  | 'first'
  | 'last'
  | { key: string }
  | { frame: FrameRef }
  /** At the frame that is found in the series once it is there. */
  | { find: (content: SeriesContent) => FrameRef | null };

/** Opens series: what they hold is fetched on the way. */
export class Navigator {
  readonly #study: Pick<Study, 'neighbour' | 'showParts'>;
  readonly #details: Details;
  readonly #viewer: Viewer;
  readonly #onFailure: (failure: ApiError) => void;
  #series = $state<number | null>(null);
  #pick: StackChoice = 'first-image';
  #look: Look = 'own';
  #failure = $state.raw<ApiError | null>(null);
  #isOpening = $state(false);
  /** What the open series holds, as far as it is known. */
  #content: SeriesContent | null = null;
  #isStale = false;
  #life = new AbortController();

  constructor(
    study: Pick<Study, 'neighbour' | 'showParts'>,
    details: Details,
    viewer: Viewer,
    onFailure: (failure: ApiError) => void,
  ) {
    this.#study = study;
    this.#details = details;
    this.#viewer = viewer;
    this.#onFailure = onFailure;
  }

  /** Index of the series that is open or on its way. */
  get series(): number | null {
    return this.#series;
  }

  /** What the open series holds, as far as it is known; Svelte does not watch it. */
  get content(): SeriesContent | null {
    return this.#content;
  }

  /** Why the series cannot be opened. */
  get failure(): ApiError | null {
    return this.#failure;
  }

  get isOpening(): boolean {
    return this.#isOpening;
  }

  /** Opens a series at its first stack with pixels, or at another one. */
  open(series: number, pick: StackChoice = 'first-image', look: Look = 'own'): void {
    this.#look = look;
    if (series === this.#series && this.#content !== null) {
      this.#enter(this.#content, pick);
      return;
    }
    this.#life.abort();
    this.#life = new AbortController();
    this.#series = series;
    this.#pick = pick;
    this.#content = null;
    this.#failure = null;
    this.#isOpening = false;
    this.#isStale = false;
    this.#details.keep([series]);
    const known = this.#details.peek(series);
    if (known === undefined) void this.#fetch(series, this.#life.signal);
    else this.#enter(known, pick);
  }

  /**
   * Opens the neighbour in the list, with zoom and window kept where that makes
   * sense; at the ends nothing happens.
   */
  openNeighbour(distance: 1 | -1): void {
    const stacks = this.#content?.stacks ?? [];
    const here = stacks.findIndex(({ key }) => key === this.#viewer.stack?.key);
    const next = here < 0 ? undefined : stacks[here + distance];
    if (this.#content !== null && next !== undefined) {
      this.#viewer.open(this.#content, next, { look: 'kept' });
      return;
    }
    const neighbour = this.#study.neighbour(this.#series, distance);
    if (neighbour === null) return;
    this.open(neighbour.row.index, distance > 0 ? 'first' : 'last', 'kept');
  }

  /** Takes note of series that are new or have changed. */
  note(rows: readonly SeriesRow[]): void {
    for (const { index } of rows) {
      this.#details.forget(index);
      if (index === this.#series && !this.#isStale) {
        this.#isStale = true;
        if (!this.#isOpening) void this.#renew(this.#life.signal);
      }
    }
  }

  /** Leaves the series; nothing is open then. */
  close(): void {
    this.#life.abort();
    this.#details.keep([]);
    this.#series = null;
    this.#content = null;
    this.#viewer.clear();
  }

  /** Asks again for a series that failed. */
  retry(): void {
    if (this.#series !== null && this.#failure !== null)
      this.open(this.#series, this.#pick, this.#look);
  }

  /** Takes up what a lost connection has left undone. */
  resume(): void {
    if (this.#failure?.isUnreachable === true) this.retry();
    else if (this.#isStale) void this.#renew(this.#life.signal);
  }

  async #fetch(series: number, signal: AbortSignal): Promise<void> {
    this.#viewer.clear(this.#look);
    this.#isOpening = true;
    try {
      const content = await this.#details.fetch(series);
      if (signal.aborted) return;
      this.#isOpening = false;
      this.#enter(content, this.#pick);
      if (this.#isStale) void this.#renew(signal);
    } catch (reason) {
      if (signal.aborted || isAbort(reason)) return;
      this.#isOpening = false;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }

  #enter(content: SeriesContent, pick: StackChoice): void {
    this.#content = content;
    this.#study.showParts(content);
    const at = frameOf(content, pick);
    const stack = content.stackOf(at) ?? picked(content, pick);
    if (stack !== null) this.#viewer.open(content, stack, { at, look: this.#look });
    void this.#prefetch(this.#life.signal);
  }

  /** Fetches the series as it has become; the frame on screen stays. */
  async #renew(signal: AbortSignal): Promise<void> {
    const series = this.#series;
    try {
      while (this.#isStale && series !== null) {
        await pause(RENEW_INTERVAL_MS, signal);
        this.#isStale = false;
        this.#details.forget(series);
        const content = await this.#details.fetch(series);
        if (signal.aborted) return;
        this.#content = content;
        this.#viewer.scroll.renew(content);
        this.#study.showParts(content);
      }
    } catch (reason) {
      if (signal.aborted || isAbort(reason)) return;
      this.#isStale = true;
      this.#onFailure(asApiError(reason));
    }
  }

  /** Fetches what the next series holds, when nothing else is to be done. */
  async #prefetch(signal: AbortSignal): Promise<void> {
    try {
      await pause(SETTLE_MS, signal);
      const next = this.#study.neighbour(this.#series, 1)?.row.index;
      if (next !== undefined) await this.#details.fetch(next);
    } catch {
      // Nobody waits for it; should it be opened, its failure is met then.
    }
  }
}

/** The frame that is asked for, where one is. */
function frameOf(content: SeriesContent, pick: StackChoice): FrameRef | null {
  if (typeof pick !== 'object' || 'key' in pick) return null;
  return 'find' in pick ? pick.find(content) : pick.frame;
}

function picked(content: SeriesContent, pick: StackChoice): Stack | null {
  const { stacks } = content;
  const [first = null] = stacks;
  if (typeof pick === 'object') return ('key' in pick ? content.stack(pick.key) : null) ?? first;
  if (pick === 'last') return stacks.at(-1) ?? null;
  if (pick === 'first') return first;
  return stacks.find(({ has_pixels }) => has_pixels) ?? first;
}
