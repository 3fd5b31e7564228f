import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { Client } from '../api/client';
import type { Recipe } from '../api/types.gen';
import { pictureWay, type StoredFrame } from '../dicom/storedFrame';
import { ByteCache } from './byteCache';
import { frameKey, type FrameRef } from './frameRef';
import { prefetchOrder } from './prefetch';
import { Requests } from './requests';

/** Memory for frames that were shown or fetched ahead. */
const BUDGET_BYTES = 256 * 2 ** 20;

/** A frame with everything that its picture needs. */
export interface LoadedFrame {
  ref: FrameRef;
  stored: StoredFrame;
  recipe: Recipe;
  /** The server's display frame, where the page does not make the picture itself. */
  bitmap: ImageBitmap | null;
}

/** A frame, or why there is none. A failure is an answer too, and is not asked for again and again. */
export type FrameResult = LoadedFrame | ApiError;

type FrameClient = Pick<Client, 'rawFrame' | 'displayFrame' | 'recipe'>;

/** Fetches frames, keeps them within a budget, and fetches neighbours ahead. */
export class FrameStore {
  readonly #client: FrameClient;
  readonly #cache = new ByteCache<FrameResult>(BUDGET_BYTES);
  readonly #requests = new Requests<FrameRef, FrameResult>(
    (ref, signal) => this.#load(ref, signal),
    frameKey,
  );
  readonly #recipes = new Map<string, Recipe>();

  constructor(client: FrameClient) {
    this.#client = client;
  }

  /** The frame, if it is there already. */
  peek(ref: FrameRef): FrameResult | undefined {
    return this.#cache.get(frameKey(ref));
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
    const ahead = prefetchOrder(position, stack.length, direction)
      .flatMap((neighbour) => stack[neighbour] ?? [])
      .filter((neighbour) => !this.#cache.has(frameKey(neighbour)));
    const known = this.peek(ref);
    if (known !== undefined) {
      this.#requests.plan(null, ahead);
      return known;
    }
    return this.#requests.plan(ref, ahead);
  }

  /** Forgets a failure, so that the next `show` asks again. */
  forget(ref: FrameRef): void {
    this.#cache.delete(frameKey(ref));
  }

  async #load(ref: FrameRef, signal: AbortSignal): Promise<FrameResult> {
    const result = await this.#fetch(ref, signal).catch((reason: unknown) => {
      if (isAbort(reason)) throw reason;
      return asApiError(reason);
    });
    // An unreachable server may be back in a moment: that is not kept.
    if (!(result instanceof ApiError && result.isUnreachable)) {
      this.#cache.set(frameKey(ref), result, sizeBytes(result));
    }
    return result;
  }

  async #fetch({ file, frame_index }: FrameRef, signal: AbortSignal): Promise<LoadedFrame> {
    const { stored, recipeId } = await this.#client.rawFrame(file, frame_index, signal);
    const [recipe, bitmap] = await Promise.all([
      this.#recipe(recipeId, file, frame_index, signal),
      pictureWay(stored) === 'server' ? this.#client.displayFrame(file, frame_index, signal) : null,
    ]);
    return { ref: { file, frame_index }, stored, recipe, bitmap };
  }

  /** Frames of a series mostly share one recipe, so it is fetched once for its id. */
  async #recipe(
    id: string,
    file: number,
    frameIndex: number,
    signal: AbortSignal,
  ): Promise<Recipe> {
    const known = this.#recipes.get(id);
    if (known !== undefined) return known;
    const recipe = await this.#client.recipe(file, frameIndex, signal);
    this.#recipes.set(recipe.id, recipe);
    return recipe;
  }
}

function sizeBytes(result: FrameResult): number {
  if (result instanceof ApiError) return result.message.length;
  const { stored, bitmap } = result;
  return stored.samples.byteLength + (bitmap === null ? 0 : bitmap.width * bitmap.height * 4);
}
