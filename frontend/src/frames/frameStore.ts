import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { Client } from '../api/client';
import type { RawFrame } from '../api/rawFrame';
import type { Recipe } from '../api/types.gen';
import { frameKey, type FrameRef } from '../dicom/frameRef';
import { pictureWay, type StoredFrame } from '../dicom/storedFrame';
import { FRAME_BUDGET_BYTES, type FrameCache } from './frameCache';
import { prefetchOrder } from './prefetch';
import { Prefetcher } from './prefetcher';
import { Requests } from './requests';

/** Requests that go on while a person scrolls: the frame that is wanted and two on either side. */
const KEPT_REQUESTS = 5;

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

/** A reduced picture of a frame that is still on its way. */
export interface PreviewFrame {
  ref: FrameRef;
  /** Size of the frame, not of the picture. */
  rows: number;
  columns: number;
  recipe: Recipe;
  bitmap: ImageBitmap;
}

/** A frame, or why there is none. A failure is an answer too, and is not asked for again and again. */
export type FrameResult = LoadedFrame | ApiError;

type FrameClient = Pick<Client, 'rawFrame' | 'rawFrames' | 'displayFrame' | 'preview' | 'recipe'>;

/** How a request is made: for how long, and whether somebody waits for it. */
interface Errand {
  signal: AbortSignal;
  isBackground: boolean;
}

/** Fetches frames for one viewport, and their neighbours ahead. */
export class FrameStore {
  readonly #client: FrameClient;
  readonly #cache: FrameCache;
  readonly #requests = new Requests<FrameRef, FrameResult>(
    (ref, signal) => this.#load(ref, signal),
    frameKey,
  );
  readonly #prefetcher = new Prefetcher((refs, signal) => this.#loadAhead(refs, signal));
  #wanted: FrameRef | null = null;

  constructor(client: FrameClient, cache: FrameCache) {
    this.#client = client;
    this.#cache = cache;
  }

  /** The frame, if it is there already. */
  peek(ref: FrameRef): FrameResult | undefined {
    return this.#cache.frames.get(frameKey(ref));
  }

  /**
   * The frame at a position of a stack; its neighbours in the direction of
   * travel follow in the background. Rejects only when a newer call made this
   * one superfluous.
   */
  async show(
    stack: readonly FrameRef[],
    position: number,
    direction: 1 | -1,
  ): Promise<FrameResult> {
    const ref = stack[position];
    if (ref === undefined) throw new RangeError(`no frame at position ${String(position)}`);
    const neighbours = (frameBytes: number) =>
      prefetchOrder(position, stack.length, direction, roomFor(frameBytes))
        .flatMap((neighbour) => stack[neighbour] ?? [])
        .filter((neighbour) => !this.#cache.frames.has(frameKey(neighbour)));

    // What runs for a frame nearby may still be of use; more would stand in the way.
    const near = [ref, ...neighbours(0)];
    this.#requests.keep(near.slice(0, KEPT_REQUESTS));
    this.#prefetcher.hold(near);
    this.#wanted = ref;
    const result = this.peek(ref) ?? (await this.#requests.start(ref));
    if (this.#wanted === ref) this.#prefetcher.plan(neighbours(sizeBytes(result)));
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
      this.#client.recipe(ref, { signal }),
    ]);
    this.#cache.recipes.set(recipe.id, recipe);
    return { ref, rows, columns, recipe, bitmap };
  }

  /** Forgets a failure, so that the next `show` asks again. */
  forget(ref: FrameRef): void {
    this.#cache.frames.delete(frameKey(ref));
  }

  async #load(ref: FrameRef, signal: AbortSignal): Promise<FrameResult> {
    await this.#prefetcher.arrival(ref);
    signal.throwIfAborted();
    const known = this.peek(ref);
    if (known !== undefined) return known;
    const errand = { signal, isBackground: false };
    const raw = await this.#client.rawFrame(ref, errand).catch(failure);
    return this.#take(ref, raw, errand);
  }

  async *#loadAhead(refs: readonly FrameRef[], signal: AbortSignal): AsyncGenerator<FrameRef> {
    for await (const { ref, frame } of this.#client.rawFrames(refs, signal)) {
      await this.#take(ref, frame, { signal, isBackground: true });
      yield ref;
    }
  }

  /** Adds what a picture needs beside its samples, and keeps the whole. */
  async #take(ref: FrameRef, raw: RawFrame | ApiError, errand: Errand): Promise<FrameResult> {
    const result =
      raw instanceof ApiError ? raw : await this.#complete(ref, raw, errand).catch(failure);
    // What is unreachable or busy may be there in a moment: that is not kept.
    const isPassing =
      result instanceof ApiError && (result.isUnreachable || result.status === BUSY_STATUS);
    if (!isPassing) this.#cache.frames.set(frameKey(ref), result, sizeBytes(result));
    return result;
  }

  async #complete(
    ref: FrameRef,
    { stored, recipeId }: RawFrame,
    errand: Errand,
  ): Promise<LoadedFrame> {
    const coming = this.#recipe(recipeId, ref, errand);
    const [recipe, bitmap] = await Promise.all([
      coming,
      pictureWay(stored) === 'server'
        ? this.#client.displayFrame(ref, errand)
        : coming.then(({ has_icc_profile }) =>
            pictureWay(stored, has_icc_profile) === 'server'
              ? this.#client.displayFrame(ref, errand)
              : null,
          ),
    ]);
    const { rows, columns } = stored;
    return { ref, rows, columns, stored, recipe, bitmap };
  }

  /** Frames of a series mostly share one recipe, so it is fetched once for its id. */
  async #recipe(id: string, ref: FrameRef, errand: Errand): Promise<Recipe> {
    const known = this.#cache.recipes.get(id);
    if (known !== undefined) return known;
    const recipe = await this.#client.recipe(ref, errand);
    this.#cache.recipes.set(recipe.id, recipe);
    return recipe;
  }
}

/** Any failure as a result; an abort stays one. */
function failure(reason: unknown): ApiError {
  if (isAbort(reason)) throw reason;
  return asApiError(reason);
}

/** Frames of a size that may be fetched ahead: half of the memory stays for those seen before. */
function roomFor(frameBytes: number): number {
  return Math.max(2, Math.floor(FRAME_BUDGET_BYTES / 2 / Math.max(frameBytes, 1)));
}

function sizeBytes(result: FrameResult): number {
  if (result instanceof ApiError) return result.message.length;
  const { stored, bitmap } = result;
  return stored.samples.byteLength + (bitmap === null ? 0 : bitmap.width * bitmap.height * 4);
}
