import { ApiError, asApiError, isAbort } from '../../api/apiError';
import type { FrameRef } from '../../dicom/frameRef';
import type {
  ComingPreview,
  FrameResult,
  FrameStore,
  LoadedFrame,
  PreviewFrame,
  ReducedFrame,
} from '../../frames/frameStore';
import type { Line, Scroll } from './scroll.svelte';
import type { Windowing } from './windowing.svelte';
import { voiQuery } from './voiChoice';

/** Frames above this size take long enough that a reduced picture comes first. */
const PREVIEW_FROM_PIXELS = 2 ** 20;

type Frames = Pick<
  FrameStore,
  'show' | 'peek' | 'glimpse' | 'isReady' | 'preview' | 'forget' | 'onArrival'
>;

/** What can be on the screen: a frame, or what stands in for it. */
export type SeenFrame = LoadedFrame | ReducedFrame | PreviewFrame;

/** Brings the wanted frame on the screen; what is seen may lag behind while it loads. */
export class FrameLoader {
  readonly #store: Frames;
  readonly #scroll: Scroll;
  readonly #windowing: () => Windowing;
  readonly #onFailure: (failure: ApiError) => void;
  #seen = $state.raw<SeenFrame | null>(null);
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
    store.onArrival = (frame) => {
      this.#receive(frame);
    };
  }

  /** The frame on screen, as it is or as a preview. */
  get seen(): SeenFrame | null {
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
    const preview = this.#store.isReady(ref) ? null : this.#startPreview(ref);
    const pending = this.#store.show(line.refs, line.position, line.direction, preview);
    const known = this.#store.peek(ref);
    if (known !== undefined) {
      this.#accept(known);
      return;
    }
    this.#isLoading = true;
    this.#failure = null;
    const glimpse = this.#store.glimpse(ref);
    if (glimpse !== undefined) this.#seen = glimpse;
    pending.then(
      (result) => {
        if (this.#scroll.ref === ref) this.#accept(result);
      },
      (reason: unknown) => {
        if (this.#scroll.ref === ref && !isAbort(reason)) this.#accept(asApiError(reason));
      },
    );
  }

  /** While a person scrolls faster than frames come, each that is nearer than the last is shown. */
  #receive(frame: LoadedFrame | ReducedFrame): void {
    if (!this.#isLoading) return;
    const distance = (ref: FrameRef | null) => {
      const place = this.#scroll.placeOf(ref);
      const { position, value } = this.#scroll;
      if (place === null) return Infinity;
      return Math.abs(place.position - position) + Math.abs(place.value - value);
    };
    const [coming, before] = [distance(frame.ref), distance(this.#seen?.ref ?? null)];
    const isBetter = coming === 0 && before === 0 && !isWhole(this.#seen);
    if (coming < before || isBetter) this.#seen = frame;
  }

  /** Asks for a reduced picture of a large frame, to bridge the time until it is there. */
  #startPreview(ref: FrameRef): ComingPreview | null {
    this.#previewRequest?.abort();
    const file = this.#scroll.fileOf(ref.file);
    const pixels = (file?.rows ?? 0) * (file?.columns ?? 0);
    const { choice, isInverted } = this.#windowing();
    // The server's picture is not inverted.
    if (pixels <= PREVIEW_FROM_PIXELS || isInverted) return null;
    const request = new AbortController();
    this.#previewRequest = request;
    const arrival = this.#store.preview(ref, voiQuery(choice), request.signal).then(
      (preview) => {
        const isWanted = this.#scroll.ref === ref && this.#isLoading;
        if (isWanted && this.#store.glimpse(ref) === undefined) this.#seen = preview;
      },
      // The frame itself is on its way, and says what is wrong.
      () => undefined,
    );
    return { arrival, pixels };
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

/** Whether a frame is seen as it is. */
export function isWhole(seen: SeenFrame | null): seen is LoadedFrame {
  return seen !== null && 'stored' in seen && !('reduction' in seen);
}

/** A frame that can be windowed here; null for a picture of the server. */
export function withSamples(seen: SeenFrame | null): LoadedFrame | ReducedFrame | null {
  return seen !== null && 'stored' in seen ? seen : null;
}
