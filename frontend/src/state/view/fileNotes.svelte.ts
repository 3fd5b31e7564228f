import { isAbort } from '../../api/apiError';
import type { Client } from '../../api/client';
import { pause } from '../../api/pause';
import type { FileInfo } from '../../api/types.gen';

/** While frames fly past, nothing is asked for. */
const SETTLE_MS = 150;

const KEPT_FILES = 1_000;

/** What is known of the file on screen beyond its pixels. */
export class FileNotes {
  readonly #client: Pick<Client, 'info'>;
  readonly #known = new Map<number, FileInfo>();
  #request: AbortController | null = null;
  #file: number | null = null;
  #info = $state.raw<FileInfo | null>(null);

  constructor(client: Pick<Client, 'info'>) {
    this.#client = client;
  }

  /** Words on lossy compression; empty for none, and as long as it is not known. */
  get lossy(): string {
    return this.#info?.lossy ?? '';
  }

  /** Asks about a file, as soon as it is clear that it stays. */
  async show(file: number | null): Promise<void> {
    if (file === this.#file) return;
    this.#file = file;
    this.#request?.abort();
    this.#info = (file === null ? undefined : this.#known.get(file)) ?? null;
    if (file === null || this.#info !== null) return;
    const request = new AbortController();
    this.#request = request;
    try {
      await pause(SETTLE_MS, request.signal);
      const info = await this.#client.info(file, request.signal);
      this.#remember(file, info);
      this.#info = info;
    } catch (reason) {
      // The mark is left out; the frame itself tells of a server that is gone.
      if (!isAbort(reason) && this.#request === request) this.#file = null;
    }
  }

  #remember(file: number, info: FileInfo): void {
    this.#known.set(file, info);
    const [oldest] = this.#known.keys();
    if (this.#known.size > KEPT_FILES && oldest !== undefined) this.#known.delete(oldest);
  }
}
