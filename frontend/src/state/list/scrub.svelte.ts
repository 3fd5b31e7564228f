import { isAbort } from '../../api/apiError';
import { pause } from '../../api/pause';
import type { FrameRef } from '../../dicom/frameRef';
import type { ThumbnailStore } from '../../frames/thumbnailStore';
import type { Details } from '../view/details';
import { frameItems, type FrameItem } from './sheetCells';
import { ThumbnailView } from './thumbnailView.svelte';

/** Who passes over a cell more quickly than this does not mean it. */
const HOVER_MS = 80;

/** Going through the frames of a series under the pointer, from left to right of its cell. */
export class Scrub {
  readonly view: ThumbnailView;
  readonly #details: Pick<Details, 'fetch' | 'keep'>;
  readonly #store: Pick<ThumbnailStore, 'peek' | 'load'>;
  #series = $state<number | null>(null);
  #frames: readonly FrameItem[] = [];
  #fraction = 0;
  #shown = $state.raw<{ frame: FrameItem; position: number; count: number } | null>(null);
  #life = new AbortController();
  /** Goes on after the pointer has moved. */
  #wake: () => void = () => undefined;

  constructor(
    details: Pick<Details, 'fetch' | 'keep'>,
    store: Pick<ThumbnailStore, 'peek' | 'load'>,
  ) {
    this.#details = details;
    this.#store = store;
    this.view = new ThumbnailView(store);
  }

  /** The series whose frames are gone through. */
  get series(): number | null {
    return this.#series;
  }

  /** The frame that is seen, and where it stands among all; null before the first. */
  get shown(): { frame: FrameItem; position: number; count: number } | null {
    return this.#shown;
  }

  /** The pointer is at a fraction of the width of a cell. */
  move(series: number, fraction: number, size_px: number): void {
    this.#fraction = Math.min(Math.max(fraction, 0), 1);
    this.#wake();
    if (series === this.#series) return;
    this.leave();
    this.#series = series;
    this.#life = new AbortController();
    void this.#run(series, size_px, this.#life.signal);
  }

  /** The pointer has left the cell. */
  leave(): void {
    this.#life.abort();
    this.#wake();
    this.#details.keep([]);
    this.#series = null;
    this.#frames = [];
    this.#shown = null;
    this.view.dispose();
  }

  async #run(series: number, size_px: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(HOVER_MS, signal);
      const content = await this.#details.fetch(series);
      signal.throwIfAborted();
      this.#frames = frameItems(content, null);
      // One request at a time, always for where the pointer is now: a slow server shows fewer frames, never late ones.
      let seen: FrameRef | null = null;
      for (;;) {
        const position = this.#position();
        const frame = this.#frames[position];
        if (frame === undefined) return;
        if (frame.ref === seen) {
          await new Promise<void>((resolve) => (this.#wake = resolve));
          signal.throwIfAborted();
          continue;
        }
        const picture = await this.#store.load(frame.ref, size_px, signal);
        signal.throwIfAborted();
        seen = frame.ref;
        this.view.take(picture);
        this.#shown = { frame, position, count: this.#frames.length };
      }
    } catch (reason) {
      // Nothing is lost: the thumbnail of the series stays.
      if (!isAbort(reason)) this.#shown = null;
    }
  }

  #position(): number {
    const { length } = this.#frames;
    return Math.min(length - 1, Math.floor(this.#fraction * length));
  }
}
