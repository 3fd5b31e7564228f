import type { Client } from '../api/client';
import { ByteCache } from '../frames/byteCache';
import { Requests } from '../frames/requests';
import { SeriesContent } from './seriesContent';

/** Memory for series that were opened. */
const BUDGET_BYTES = 48 * 2 ** 20;

/** About what a frame takes here with its address, its place and the facts of its file. */
const BYTES_A_FRAME = 600;

/** Files and stacks of series, fetched when somebody opens them and kept within a budget. */
export class Details {
  readonly #client: Pick<Client, 'series'>;
  readonly #cache = new ByteCache<SeriesContent>(BUDGET_BYTES);
  readonly #requests = new Requests<number, SeriesContent>(
    (series, signal) => this.#load(series, signal),
    String,
  );

  /** Series that are asked for and have not changed since. */
  readonly #fresh = new Set<number>();

  constructor(client: Pick<Client, 'series'>) {
    this.#client = client;
  }

  /** The content of a series, if it is there already. */
  peek(series: number): SeriesContent | undefined {
    return this.#cache.get(String(series));
  }

  /** The content of a series; what is asked for and named no more by `keep` is aborted. */
  async fetch(series: number): Promise<SeriesContent> {
    return this.peek(series) ?? (await this.#requests.start(series));
  }

  keep(series: readonly number[]): void {
    this.#requests.keep(series);
  }

  /** Forgets what is no longer true. */
  forget(series: number): void {
    this.#cache.delete(String(series));
    this.#fresh.delete(series);
  }

  async #load(series: number, signal: AbortSignal): Promise<SeriesContent> {
    this.#fresh.add(series);
    const content = new SeriesContent(await this.#client.series(series, { signal }));
    const frames = Math.max(content.row.frame_count, content.fileCount);
    if (this.#fresh.has(series)) {
      this.#cache.set(String(series), content, BYTES_A_FRAME * frames);
    }
    return content;
  }
}
