import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { ReportRow, SeriesList } from '../../api/types.gen';

/** The ways in which a path ends that is not listed. */
export type SkippedEnd = 'not_dicom' | 'unreadable';

const ENDS: readonly SkippedEnd[] = ['not_dicom', 'unreadable'];

/** Paths that are fetched at once. */
const PAGE_PATHS = 500;

/** While the scan runs their number is asked for this often. */
const COUNT_INTERVAL_MS = 2_000;

export interface SkippedPaths {
  /** How many there are. */
  count: number;
  /** Those that are fetched. */
  rows: readonly ReportRow[];
}

const NONE: SkippedPaths = { count: 0, rows: [] };

/** Paths that are not listed, with the reason: counted at first, fetched when somebody looks at them. */
export class Skipped {
  readonly #client: Pick<Client, 'report'>;
  readonly #onFailure: (failure: ApiError) => void;
  #paths = $state.raw<Record<SkippedEnd, SkippedPaths>>({ not_dicom: NONE, unreadable: NONE });
  readonly #wanted = new Set<SkippedEnd>();
  readonly #fetching = new Set<SkippedEnd>();
  #countedOf = 0;
  #countedAt_ms = performance.now();

  constructor(client: Pick<Client, 'report'>, onFailure: (failure: ApiError) => void) {
    this.#client = client;
    this.#onFailure = onFailure;
  }

  get paths(): Record<SkippedEnd, SkippedPaths> {
    return this.#paths;
  }

  /** Takes note of how many the scan has met. */
  async note({ skipped, scan_complete }: SeriesList): Promise<void> {
    const now = performance.now();
    const isTime = scan_complete || now - this.#countedAt_ms > COUNT_INTERVAL_MS;
    if (skipped === this.#countedOf || !isTime) return;
    this.#countedOf = skipped;
    this.#countedAt_ms = now;
    try {
      const range = { offset: 0, limit: 1 };
      const { counts } = await this.#client.report(ENDS.join(','), range);
      for (const end of ENDS) this.#set(end, { count: counts[end] ?? 0 });
      // What was fetched may have others in between by now.
      for (const end of this.#wanted) void this.#fetch(end, { isAnew: true });
    } catch (reason) {
      this.#countedOf = 0;
      this.#fail(reason);
    }
  }

  /** Fetches the first paths of this kind, if that has not been done. */
  open(end: SkippedEnd): void {
    if (this.#wanted.has(end)) return;
    this.#wanted.add(end);
    if (this.#paths[end].count > 0) void this.#fetch(end);
  }

  /** Fetches the next paths of this kind. */
  more(end: SkippedEnd): void {
    this.#wanted.add(end);
    void this.#fetch(end);
  }

  async #fetch(end: SkippedEnd, { isAnew = false } = {}): Promise<void> {
    if (this.#fetching.has(end)) return;
    this.#fetching.add(end);
    const known = isAnew ? [] : this.#paths[end].rows;
    try {
      const range = { offset: known.length, limit: PAGE_PATHS };
      const { paths, total } = await this.#client.report(end, range);
      // Where nothing comes any more there is nothing to wait for.
      const count = paths.length === 0 ? known.length : total;
      this.#set(end, { count, rows: [...known, ...paths] });
    } catch (reason) {
      this.#fail(reason);
    } finally {
      this.#fetching.delete(end);
    }
  }

  #set(end: SkippedEnd, change: Partial<SkippedPaths>): void {
    this.#paths = { ...this.#paths, [end]: { ...this.#paths[end], ...change } };
  }

  #fail(reason: unknown): void {
    if (!isAbort(reason)) this.#onFailure(asApiError(reason));
  }
}
