/** Background requests that run at the same time, beside the one for the screen. */
const MOST_IN_BACKGROUND = 3;

interface Running<Value> {
  controller: AbortController;
  promise: Promise<Value>;
}

/**
 * One request a key. What is wanted now starts at once; the rest of the plan
 * waits until that is there and runs a few at a time; what has left the plan
 * is aborted.
 */
export class Requests<Item, Value> {
  readonly #fetch: (item: Item, signal: AbortSignal) => Promise<Value>;
  readonly #key: (item: Item) => string;
  readonly #running = new Map<string, Running<Value>>();
  #waiting: Item[] = [];
  #wantedKey: string | null = null;

  constructor(
    fetch: (item: Item, signal: AbortSignal) => Promise<Value>,
    key: (item: Item) => string,
  ) {
    this.#fetch = fetch;
    this.#key = key;
  }

  /** Replaces the plan. The promise is for `wanted`; null asks for background items only. */
  plan(wanted: Item, background: readonly Item[]): Promise<Value>;
  plan(wanted: null, background: readonly Item[]): null;
  plan(wanted: Item | null, background: readonly Item[]): Promise<Value> | null {
    this.#wantedKey = wanted === null ? null : this.#key(wanted);
    const kept = new Set(background.map(this.#key));
    for (const [key, { controller }] of this.#running) {
      if (key === this.#wantedKey || kept.has(key)) continue;
      this.#running.delete(key);
      controller.abort();
    }
    this.#waiting = background.filter((item) => this.#key(item) !== this.#wantedKey);
    const promise = wanted === null ? null : this.#start(wanted);
    this.#startWaiting();
    return promise;
  }

  #start(item: Item): Promise<Value> {
    const key = this.#key(item);
    const running = this.#running.get(key);
    if (running !== undefined) return running.promise;

    const controller = new AbortController();
    const promise = this.#fetch(item, controller.signal).finally(() => {
      // After an abort the key may already belong to a newer request.
      if (this.#running.get(key)?.controller !== controller) return;
      this.#running.delete(key);
      if (key === this.#wantedKey) this.#wantedKey = null;
      this.#startWaiting();
    });
    this.#running.set(key, { controller, promise });
    return promise;
  }

  #startWaiting(): void {
    if (this.#wantedKey !== null) return;
    while (this.#running.size < MOST_IN_BACKGROUND) {
      const item = this.#waiting.shift();
      if (item === undefined) return;
      // Nobody waits for it; should it be wanted later, its failure is met then.
      this.#start(item).catch(() => undefined);
    }
  }
}
