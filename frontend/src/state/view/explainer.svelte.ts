import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import { pause } from '../../api/pause';
import type { Explanation } from '../../api/types.gen';
import { frameKey, type FrameRef } from '../../dicom/frameRef';

/** While frames fly past and windows are dragged, nothing is explained. */
const SETTLE_MS = 150;

/** Why the frame on screen looks as it does. */
export class Explainer {
  readonly #client: Pick<Client, 'explanation'>;
  readonly #onFailure: (failure: ApiError) => void;
  #request: AbortController | null = null;
  #explanation = $state.raw<Explanation | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #key: string | null = null;

  constructor(client: Pick<Client, 'explanation'>, onFailure: (failure: ApiError) => void) {
    this.#client = client;
    this.#onFailure = onFailure;
  }

  /** null while it is on its way; the last one stays until the next is there. */
  get explanation(): Explanation | null {
    return this.#explanation;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Asks for a frame with the window of a query, as soon as it is clear that it stays. */
  async explain(ref: FrameRef, query: Record<string, string>): Promise<void> {
    const key = JSON.stringify([frameKey(ref), query]);
    if (key === this.#key) return;
    this.#key = key;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    try {
      await pause(SETTLE_MS, request.signal);
      this.#explanation = await this.#client.explanation(ref, query, request.signal);
      this.#failure = null;
    } catch (reason) {
      if (isAbort(reason) || request.signal.aborted) return;
      this.#key = null;
      this.#explanation = null;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }
}
