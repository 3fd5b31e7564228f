import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { FrameRef } from '../dicom/frameRef';
import type { FrameResult, FrameStore, LoadedFrame, PreviewFrame } from '../frames/frameStore';
import type { Line, Scroll } from './scroll.svelte';
import type { Windowing } from './windowing.svelte';
import { voiQuery } from './voiChoice';

/** Frames above this size take long enough that a reduced picture comes first. */
const PREVIEW_FROM_PIXELS = 2 ** 20;

type Frames = Pick<FrameStore, 'show' | 'peek' | 'preview' | 'forget'>;

/** Brings the wanted frame on the screen; what is seen may lag behind while it loads. */
export class FrameLoader {
  readonly #store: Frames;
  readonly #scroll: Scroll;
  readonly #windowing: () => Windowing;
  readonly #onFailure: (failure: ApiError) => void;
  #seen = $state.raw<LoadedFrame | PreviewFrame | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #isLoading = $state(false);
  #previewRequest: AbortController | null = null;

  constructor(
    store: Frames,
    scroll: Scroll,
    windowing: () => Windowing,
    onFailure: (failure: ApiError) => void,
  ) {
    this.#store = store;
    this.#scroll = scroll;
    this.#windowing = windowing;
    this.#onFailure = onFailure;
  }

  /** The frame on screen, as it is or as a preview. */
  get seen(): LoadedFrame | PreviewFrame | null {
    return this.#seen;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  clear(): void {
    this.#seen = null;
    this.#failure = null;
    this.#isLoading = false;
    this.#previewRequest?.abort();
  }

  /** Forgets the failure of a frame. */
  forget(ref: FrameRef): void {
    this.#store.forget(ref);
  }

  /** Shows the frame that is wanted now; those of the line are the next. */
  goAlong(line: Line | null): void {
    const { ref } = this.#scroll;
    if (line === null || ref === null) return;
    const pending = this.#store.show(line.refs, line.position, line.direction);
    const known = this.#store.peek(ref);
    if (known !== undefined) {
      this.#accept(known);
      return;
    }
    this.#isLoading = true;
    this.#failure = null;
    this.#startPreview(ref);
    pending.then(
      (result) => {
        if (this.#scroll.ref === ref) this.#accept(result);
        else this.#showInPassing(result);
      },
      (reason: unknown) => {
        if (this.#scroll.ref === ref && !isAbort(reason)) this.#accept(asApiError(reason));
      },
    );
  }

  /** While a person scrolls faster than frames come, each that is nearer than the last is shown. */
  #showInPassing(result: FrameResult): void {
    if (!this.#isLoading || result instanceof ApiError) return;
    const distance = (ref: FrameRef | null) => {
      const place = this.#scroll.placeOf(ref);
      const { position, value } = this.#scroll;
      if (place === null) return Infinity;
      return Math.abs(place.position - position) + Math.abs(place.value - value);
    };
    if (distance(result.ref) < distance(this.#seen?.ref ?? null)) this.#seen = result;
  }

  /** Asks for a reduced picture of a large frame, to bridge the time until it is there. */
  #startPreview(ref: FrameRef): void {
    this.#previewRequest?.abort();
    const file = this.#scroll.fileOf(ref.file);
    const pixels = (file?.rows ?? 0) * (file?.columns ?? 0);
    const { choice, isInverted } = this.#windowing();
    // The server's picture is not inverted.
    if (pixels <= PREVIEW_FROM_PIXELS || isInverted) return;
    const request = new AbortController();
    this.#previewRequest = request;
    this.#store.preview(ref, voiQuery(choice), request.signal).then(
      (preview) => {
        if (this.#scroll.ref === ref && this.#isLoading) this.#seen = preview;
      },
      // The frame itself is on its way, and says what is wrong.
      () => undefined,
    );
  }

  #accept(result: FrameResult): void {
    this.#isLoading = false;
    this.#previewRequest?.abort();
    if (result instanceof ApiError) {
      this.#failure = result;
      this.#seen = null;
      this.#onFailure(result);
    } else {
      this.#failure = null;
      this.#seen = result;
    }
  }
}
