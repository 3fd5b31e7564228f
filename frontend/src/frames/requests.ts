interface Running<Value> {
  controller: AbortController;
  promise: Promise<Value>;
}

/** One request a key. What is wanted starts at once; what nobody keeps is aborted. */
export class Requests<Item, Value> {
  readonly #fetch: (item: Item, signal: AbortSignal) => Promise<Value>;
  readonly #key: (item: Item) => string;
  readonly #running = new Map<string, Running<Value>>();

  constructor(
    fetch: (item: Item, signal: AbortSignal) => Promise<Value>,
    key: (item: Item) => string,
  ) {
    this.#fetch = fetch;
    this.#key = key;
  }

  /** Starts a request, or joins the one that runs already. */
  start(item: Item): Promise<Value> {
    const key = this.#key(item);
    const running = this.#running.get(key);
    if (running !== undefined) return running.promise;

    const controller = new AbortController();
    const promise = this.#fetch(item, controller.signal).finally(() => {
      // After an abort the key may already belong to a newer request.
      if (this.#running.get(key)?.controller === controller) this.#running.delete(key);
    });
    this.#running.set(key, { controller, promise });
    return promise;
  }

  /** Aborts all but some. */
  keep(items: readonly Item[]): void {
    const kept = new Set(items.map(this.#key));
    for (const [key, { controller }] of this.#running) {
      if (kept.has(key)) continue;
      this.#running.delete(key);
      controller.abort();
    }
  }
}
