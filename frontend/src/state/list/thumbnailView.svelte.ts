import { ApiError, isAbort } from '../../api/apiError';
import { pause } from '../../api/pause';
import type { FrameRef } from '../../dicom/frameRef';
import type { Thumbnail, ThumbnailStore } from '../../frames/thumbnailStore';

/** What scrolls by more quickly than this is not worth a request. */
const SETTLE_MS = 100;

/** A server that could not be reached is tried again after this long. */
const RETRY_MS = 3_000;

/** A busy browser may still be about to read a picture that is not wanted any more. */
const KEPT_MS = 10_000;

/** The small picture in one place of a list: an address for an `img`, or why there is none. */
export class ThumbnailView {
  readonly #store: Pick<ThumbnailStore, 'peek' | 'load'>;
  #url = $state<string | null>(null);
  #failure = $state.raw<ApiError | null>(null);

  constructor(store: Pick<ThumbnailStore, 'peek' | 'load'>) {
    this.#store = store;
  }

  get url(): string | null {
    return this.#url;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Shows a frame once it has been wanted for a while; the picture before it stays until then. Gives what ends the wish. */
  show(ref: FrameRef, size_px: number): () => void {
    const wish = new AbortController();
    const known = this.#store.peek(ref, size_px);
    if (known === undefined) void this.#fetch(ref, size_px, wish.signal);
    else this.take(known);
    return () => {
      wish.abort();
    };
  }

  /** Shows a picture at once. */
  take(thumbnail: Thumbnail): void {
    if (thumbnail instanceof ApiError) {
      this.#failure = thumbnail;
      return;
    }
    this.#letGo();
    this.#url = URL.createObjectURL(thumbnail);
    this.#failure = null;
  }

  dispose(): void {
    this.#letGo();
    this.#url = null;
  }

  #letGo(): void {
    const url = this.#url;
    if (url !== null) setTimeout(() => URL.revokeObjectURL(url), KEPT_MS);
  }

  async #fetch(ref: FrameRef, size_px: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(SETTLE_MS, signal);
      let picture = await this.#store.load(ref, size_px, signal);
      // The banner says that the server is away; the place stays as it is until then.
      while (picture instanceof ApiError && picture.isUnreachable) {
        await pause(RETRY_MS, signal);
        picture = await this.#store.load(ref, size_px, signal);
      }
      if (!signal.aborted) this.take(picture);
    } catch (reason) {
      if (!isAbort(reason)) throw reason;
    }
  }
}
