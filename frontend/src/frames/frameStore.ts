import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { Client } from '../api/client';
import { pause } from '../api/pause';
import type { RawFrame } from '../api/rawFrame';
import type { Recipe } from '../api/types.gen';
import { frameKey, type FrameRef } from '../dicom/frameRef';
import { pictureWay, type StoredFrame } from '../dicom/storedFrame';
import type { FrameCache } from './frameCache';
import { Foresight, type Here } from './foresight';
import type { Way } from './plan';
import { Prefetcher, type Errand } from './prefetcher';
import { Requests } from './requests';

/** Requests that go on while a person scrolls: the frame that is wanted and two on either side. */
const KEPT_REQUESTS = 5;

/** Who stays for so long wants to see the whole frame. */
const REST_MS = 120;

/** A journey is over by then. */
const SETTLE_MS = 300;

/** The browser tells how long the first frame took a little later. */
const MEASURE_MS = 20;

/** The longest that a frame waits for its own preview. */
const PREVIEW_WAIT_MS = 1_500;

/** The server has too much to do. */
const BUSY_STATUS = 503;

/** A frame with everything that its picture needs. */
export interface LoadedFrame {
  ref: FrameRef;
  rows: number;
  columns: number;
  stored: StoredFrame;
  recipe: Recipe;
  /** The server's display frame, where the page does not make the picture itself. */
  bitmap: ImageBitmap | null;
}

/** A frame with fewer samples than it has, in the place of one that is still on its way. */
export interface ReducedFrame {
  ref: FrameRef;
  /** Size of the frame. */
  rows: number;
  columns: number;
  /** Means of squares of pixels. */
  stored: StoredFrame;
  /** How many pixels of the frame lie along the side of such a square. */
  reduction: number;
  recipe: Recipe;
  bitmap: null;
}

/** A reduced picture of a frame that is still on its way. */
export interface PreviewFrame {
  ref: FrameRef;
  /** Size of the frame, not of the picture. */
  rows: number;
  columns: number;
  recipe: Recipe;
  bitmap: ImageBitmap;
}

/** A preview that is on its way, of a frame of so many pixels. */
export interface ComingPreview {
  arrival: Promise<unknown>;
  pixels: number;
}

/** A frame, or why there is none. A failure is an answer too, and is not asked for again and again. */
export type FrameResult = LoadedFrame | ApiError;

type FrameClient = Pick<Client, 'rawFrame' | 'rawFrames' | 'displayFrame' | 'preview' | 'recipe'>;

/** How a request is made: for how long, and whether somebody waits for it. */
interface Order {
  signal: AbortSignal;
  isBackground: boolean;
}

/**
 * Fetches frames for one viewport, and their neighbours ahead. Where the line
 * is too short for a person on the way, reduced frames come first.
 */
export class FrameStore {
  readonly #client: FrameClient;
  readonly #cache: FrameCache;
  readonly #requests = new Requests<FrameRef, FrameResult>(
    (ref, signal) => this.#load(ref, signal),
    frameKey,
  );
  readonly #recipes = new Requests<FrameRef, Recipe>(
    (ref, signal) => this.#client.recipe(ref, { signal }),
    frameKey,
  );
  readonly #prefetcher = new Prefetcher((errands, signal) => this.#loadAhead(errands, signal));
  readonly #foresight: Foresight;
  #here: Here | null = null;
  #step = new AbortController();
  /** How it was planned since the last step. */
  #planned: Way | null = null;

  /** Hears of each frame as it comes, whole or reduced, whoever has asked for it. */
  onArrival: (frame: LoadedFrame | ReducedFrame) => void = () => undefined;

  constructor(client: FrameClient, cache: FrameCache) {
    this.#client = client;
    this.#cache = cache;
    this.#foresight = new Foresight(cache);
  }

  /** The frame, if it is there already. */
  peek(ref: FrameRef): FrameResult | undefined {
    return this.#cache.frames.get(frameKey(ref));
  }

  /** The reduced frame, if it is there already. */
  glimpse(ref: FrameRef): ReducedFrame | undefined {
    return this.#cache.reduced.get(frameKey(ref));
  }

  /** Whether something of the frame can be shown at once, if only why there is none. */
  isReady(ref: FrameRef): boolean {
    return this.peek(ref) !== undefined || this.glimpse(ref) !== undefined;
  }

  /**
   * The frame at a position of a stack; its neighbours in the direction of
   * travel follow in the background. On a short line it waits for its preview.
   * Rejects only when a newer call made this one superfluous.
   */
  async show(
    stack: readonly FrameRef[],
    position: number,
    direction: 1 | -1,
    preview: ComingPreview | null = null,
  ): Promise<FrameResult> {
    const ref = stack[position];
    if (ref === undefined) throw new RangeError(`no frame at position ${String(position)}`);
    this.#step.abort();
    this.#step = new AbortController();
    const { signal } = this.#step;
    this.#here = { stack, position, direction };
    this.#planned = null;
    this.#foresight.step();

    if (this.peek(ref) === undefined && this.#prepare(ref, this.#here)) {
      await pause(REST_MS, signal);
    }
    if (preview !== null && this.#foresight.isLong(preview.pixels)) {
      await Promise.race([preview.arrival, pause(PREVIEW_WAIT_MS, signal)]);
      signal.throwIfAborted();
    }
    const result = this.peek(ref) ?? (await this.#requests.start(ref));
    void this.#lookAhead(signal, this.#foresight.isSure ? 0 : MEASURE_MS);
    void this.#lookAhead(signal, SETTLE_MS);
    return result;
  }

  /** A reduced picture, with the window that the query names. */
  async preview(
    ref: FrameRef,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<PreviewFrame> {
    const [{ rows, columns, bitmap }, recipe] = await Promise.all([
      this.#client.preview(ref, query, signal),
      this.#recipes.start(ref),
    ]);
    this.#cache.keepRecipe(recipe);
    return { ref, rows, columns, recipe, bitmap };
  }

  /** Forgets a failure, so that the next `show` asks again. */
  forget(ref: FrameRef): void {
    this.#cache.frames.delete(frameKey(ref));
  }

  /** Ends all that runs. */
  stop(): void {
    this.#step.abort();
    this.#here = null;
    this.#requests.keep([]);
    this.#recipes.keep([]);
    this.#prefetcher.hold([]);
  }

  /** Ends and begins what a step makes of use; true where a reduced frame comes first. */
  #prepare(ref: FrameRef, here: Here): boolean {
    const { way } = this.#foresight;
    const errands = this.#foresight.errands(here);
    if (way === 'full') {
      // What runs for a frame nearby may still be of use; more would stand in the way.
      const near = [ref, ...errands.map((errand) => errand.ref)];
      this.#requests.keep(near.slice(0, KEPT_REQUESTS));
      this.#prefetcher.hold([{ ref, size: null }, ...errands]);
      return false;
    }
    this.#requests.keep([ref]);
    const isSoon = this.glimpse(ref) !== undefined || this.#prefetcher.isReducedComing(ref);
    // After a jump the frame itself comes first, reduced and whole.
    if (way === 'travel') this.#prefetcher.plan(errands);
    else this.#prefetcher.plan(errands, isSoon ? 0 : 1);
    return way === 'travel' || isSoon;
  }

  /** Plans what is fetched next, unless there is another step before. */
  async #lookAhead(signal: AbortSignal, wait_ms: number): Promise<void> {
    if (wait_ms > 0) await pause(wait_ms, signal).catch(() => undefined);
    const { way } = this.#foresight;
    // What did not come is not tried again while nothing has changed.
    if (signal.aborted || this.#here === null || this.#planned === way) return;
    this.#planned = way;
    this.#prefetcher.plan(this.#foresight.errands(this.#here));
  }

  async #load(ref: FrameRef, signal: AbortSignal): Promise<FrameResult> {
    const arrival = this.#prefetcher.arrival({ ref, size: null });
    if (arrival !== null) {
      await arrival;
      signal.throwIfAborted();
      const known = this.peek(ref);
      if (known !== undefined) return known;
    }
    const order = { signal, isBackground: false };
    const [raw] = await Promise.all([
      this.#client.rawFrame(ref, order).catch(failure),
      this.#foreseeRecipe(ref),
    ]);
    return this.#take(ref, raw, order);
  }

  /** Where no frame of the stack is there, its recipe is not known either: both come at once. */
  async #foreseeRecipe(ref: FrameRef): Promise<void> {
    const stack = this.#here?.stack ?? [];
    if (stack.some((other) => this.#cache.frames.has(frameKey(other)))) return;
    const recipe = await this.#recipes.start(ref).catch(() => null);
    if (recipe !== null) this.#cache.keepRecipe(recipe);
  }

  async *#loadAhead(errands: readonly Errand[], signal: AbortSignal): AsyncGenerator<FrameRef> {
    const size = errands[0]?.size ?? null;
    // Some have come in another way since they were planned.
    const refs = errands
      .map(({ ref }) => ref)
      .filter((ref) => (size === null ? this.peek(ref) === undefined : !this.isReady(ref)));
    if (refs.length === 0) return;
    for await (const { ref, frame } of this.#client.rawFrames(refs, size, signal)) {
      const order = { signal, isBackground: true };
      if (frame instanceof ApiError || frame.reduction === 1) await this.#take(ref, frame, order);
      else await this.#takeReduced(ref, frame, order);
      yield ref;
    }
  }

  async #takeReduced(ref: FrameRef, raw: RawFrame, order: Order): Promise<void> {
    const recipe = await this.#recipe(raw.recipeId, ref, order);
    const { stored, rows, columns, reduction } = raw;
    const frame = { ref, rows, columns, stored, reduction, recipe, bitmap: null };
    this.#cache.reduced.set(frameKey(ref), frame, stored.samples.byteLength);
    this.onArrival(frame);
  }

  /** Adds what a picture needs beside its samples, and keeps the whole. */
  async #take(ref: FrameRef, raw: RawFrame | ApiError, order: Order): Promise<FrameResult> {
    const result =
      raw instanceof ApiError ? raw : await this.#complete(ref, raw, order).catch(failure);
    // What is unreachable or busy may be there in a moment: that is not kept.
    const isPassing =
      result instanceof ApiError && (result.isUnreachable || result.status === BUSY_STATUS);
    if (!isPassing) this.#cache.frames.set(frameKey(ref), result, sizeBytes(result));
    if (!(result instanceof ApiError)) {
      this.#foresight.learn(result);
      this.onArrival(result);
    }
    return result;
  }

  async #complete(
    ref: FrameRef,
    { stored, recipeId }: RawFrame,
    order: Order,
  ): Promise<LoadedFrame> {
    const coming = this.#recipe(recipeId, ref, order);
    const [recipe, bitmap] = await Promise.all([
      coming,
      pictureWay(stored) === 'server'
        ? this.#client.displayFrame(ref, order)
        : coming.then(({ has_icc_profile }) =>
            pictureWay(stored, has_icc_profile) === 'server'
              ? this.#client.displayFrame(ref, order)
              : null,
          ),
    ]);
    const { rows, columns } = stored;
    return { ref, rows, columns, stored, recipe, bitmap };
  }

  /** Frames of a series mostly share one recipe, so it is fetched once for its id. */
  async #recipe(id: string, ref: FrameRef, order: Order): Promise<Recipe> {
    const known = this.#cache.recipe(id);
    if (known !== undefined) return known;
    const recipe = await this.#client.recipe(ref, order);
    this.#cache.keepRecipe(recipe);
    return recipe;
  }
}

/** Any failure as a result; an abort stays one. */
function failure(reason: unknown): ApiError {
  if (isAbort(reason)) throw reason;
  return asApiError(reason);
}

function sizeBytes(result: FrameResult): number {
  if (result instanceof ApiError) return result.message.length;
  const { stored, bitmap } = result;
  return stored.samples.byteLength + (bitmap === null ? 0 : bitmap.width * bitmap.height * 4);
}
