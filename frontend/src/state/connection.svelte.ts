import type { ApiError } from '../api/apiError';
import type { Client } from '../api/client';

const FIRST_RETRY_MS = 500;
const SLOWEST_RETRY_MS = 5_000;

/**
 * Whether the server is there. It is asked only after a request failed: a page
 * that lies idle must not keep a server alive that is to end when unused.
 */
export class Connection {
  readonly #client: Pick<Client, 'health'>;
  readonly #onReturn: () => void;
  readonly #onOther: () => void;
  #isLost = $state(false);
  #isOther = $state(false);
  #serverStart_ms: number | null = null;

  constructor(
    client: Pick<Client, 'health'>,
    onReturn: () => void,
    onOther: () => void = () => undefined,
  ) {
    this.#client = client;
    this.#onReturn = onReturn;
    this.#onOther = onOther;
  }

  /** The server does not answer; the page looks for it. */
  get isLost(): boolean {
    return this.#isLost;
  }

  /** Another server has taken the place: what the page shows has nothing to do with it. */
  get isOther(): boolean {
    return this.#isOther;
  }

  /** Remembers which server this page belongs to. */
  meet(serverStart_ms: number): void {
    this.#serverStart_ms ??= serverStart_ms;
  }

  /** Takes note of a failed request. */
  report(failure: ApiError): void {
    if (failure.isUnreachable && !this.#isLost) {
      this.#isLost = true;
      void this.#search();
    }
  }

  async #search(): Promise<void> {
    for (let pause = FIRST_RETRY_MS; ; pause = Math.min(pause * 1.5, SLOWEST_RETRY_MS)) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const health = await this.#client.health().catch(() => null);
      if (health === null) continue;
      this.#isLost = false;
      this.#isOther =
        this.#serverStart_ms !== null && health.server_start_ms !== this.#serverStart_ms;
      if (this.#isOther) this.#onOther();
      else this.#onReturn();
      return;
    }
  }
}
