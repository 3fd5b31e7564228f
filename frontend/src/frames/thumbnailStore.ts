import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { Client } from '../api/client';
import { pause } from '../api/pause';
import { frameKey, type FrameRef } from '../dicom/frameRef';
import { ByteCache } from './byteCache';

/** Memory for small pictures, as they came: decoded ones are the browser's business. */
const BUDGET_BYTES = 32 * 2 ** 20;

/** Requests at the same time: a browser has six to a server, and the image comes first. */
const REQUESTS_AT_ONCE = 4;

/** A server with too much to do is asked again after this long. */
const BUSY_PAUSE_MS = 1_000;
const BUSY_STATUS = 503;

/** A small picture, or why there is none. */
export type Thumbnail = Blob | ApiError;

/** Fetches small pictures, a few at a time, and keeps them within a budget. */
export class ThumbnailStore {
  readonly #client: Pick<Client, 'thumbnail'>;
  readonly #cache: ByteCache<Thumbnail>;
  #running = 0;
  /** Who waits for a turn, in the order of asking. */
  readonly #waiting = new Set<() => void>();

  constructor(client: Pick<Client, 'thumbnail'>, budgetBytes = BUDGET_BYTES) {
    this.#client = client;
    this.#cache = new ByteCache(budgetBytes);
  }

  /** The picture, if it is there already. */
  peek(ref: FrameRef, size_px: number): Thumbnail | undefined {
    return this.#cache.get(keyOf(ref, size_px));
  }

  /** The picture, longer side in device pixels. Rejects only when the signal says so. */
  async load(ref: FrameRef, size_px: number, signal: AbortSignal): Promise<Thumbnail> {
    for (;;) {
      const known = this.peek(ref, size_px);
      if (known !== undefined) return known;
      await this.#turn(signal);
      const result = await this.#client
        .thumbnail(ref, size_px, signal)
        .catch((reason: unknown) => {
          if (isAbort(reason)) throw reason;
          return asApiError(reason);
        })
        .finally(() => {
          this.#endTurn();
        });
      if (result instanceof ApiError && result.status === BUSY_STATUS && !result.isUnreachable) {
        await pause(BUSY_PAUSE_MS, signal);
        continue;
      }
      // What is unreachable may be there in a moment: that is not kept.
      if (!(result instanceof ApiError && result.isUnreachable)) {
        this.#cache.set(keyOf(ref, size_px), result, bytesOf(result));
      }
      return result;
    }
  }

  #turn(signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (this.#running < REQUESTS_AT_ONCE) {
      this.#running += 1;
      return Promise.resolve();
    }
    return new Promise((resolve, reject) => {
      const begin = () => {
        signal.removeEventListener('abort', leave);
        resolve();
      };
      const leave = () => {
        this.#waiting.delete(begin);
        reject(signal.reason as Error);
      };
      this.#waiting.add(begin);
      signal.addEventListener('abort', leave, { once: true });
    });
  }

  /** Hands the turn on to the next that waits. */
  #endTurn(): void {
    const [next] = this.#waiting;
    if (next === undefined) {
      this.#running -= 1;
      return;
    }
    this.#waiting.delete(next);
    next();
  }
}

function keyOf(ref: FrameRef, size_px: number): string {
  return `${frameKey(ref)}@${String(size_px)}`;
}

function bytesOf(thumbnail: Thumbnail): number {
  return thumbnail instanceof ApiError ? thumbnail.message.length : thumbnail.size;
}
