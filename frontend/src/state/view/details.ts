import type { Client } from '../../api/client';
import { ByteCache } from '../../frames/byteCache';
import { Requests } from '../../frames/requests';
import { SeriesContent } from './seriesContent';

/** Memory for series that were opened. */
const BUDGET_BYTES = 48 * 2 ** 20;

/** About what a frame takes here with its address, its place and the facts of its file. */
const BYTES_A_FRAME = 600;

/** Files and stacks of series that were opened anywhere on the page. */
export class DetailCache {
  readonly #cache = new ByteCache<SeriesContent>(BUDGET_BYTES);
  /** Series that are asked for and have not changed since. */
  readonly #fresh = new Set<number>();

  get(series: number): SeriesContent | undefined {
    return this.#cache.get(String(series));
  }

  /** From here on what the server says of a series is true, until it is forgotten. */
  expect(series: number): void {
    this.#fresh.add(series);
  }

  /** Takes in what was expected; what was forgotten meanwhile is not kept. */
  set(series: number, content: SeriesContent): void {
    if (!this.#fresh.has(series)) return;
    const frames = Math.max(content.row.frame_count, content.fileCount);
    this.#cache.set(String(series), content, BYTES_A_FRAME * frames);
  }

  /** Forgets what is no longer true. */
  forget(series: number): void {
    this.#cache.delete(String(series));
    this.#fresh.delete(series);
  }
}

/** Files and stacks of series, fetched for one viewport when somebody opens them. */
export class Details {
  readonly #client: Pick<Client, 'series'>;
  readonly #cache: DetailCache;
  readonly #requests = new Requests<number, SeriesContent>(
    (series, signal) => this.#load(series, signal),
    String,
  );

  constructor(client: Pick<Client, 'series'>, cache: DetailCache) {
    this.#client = client;
    this.#cache = cache;
  }

  /** The content of a series, if it is there already. */
  peek(series: number): SeriesContent | undefined {
    return this.#cache.get(series);
  }

  /** The content of a series; what is asked for and named no more by `keep` is aborted. */
  async fetch(series: number): Promise<SeriesContent> {
    return this.peek(series) ?? (await this.#requests.start(series));
  }

  keep(series: readonly number[]): void {
    this.#requests.keep(series);
  }

  forget(series: number): void {
    this.#cache.forget(series);
  }

  async #load(series: number, signal: AbortSignal): Promise<SeriesContent> {
    this.#cache.expect(series);
    const content = new SeriesContent(await this.#client.series(series, { signal }));
    this.#cache.set(series, content);
    return content;
  }
}
