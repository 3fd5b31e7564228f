import { asApiError, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { SeriesRow, TriageChange } from '../../api/types.gen';
import { plural } from '../../dicom/format';
import { SeriesContent } from '../view/seriesContent';
import type { MarkBook } from './markBook.svelte';
import type { MarkChange } from './marks';

interface MarkClient {
  marks: Pick<Client['marks'], 'overview' | 'change'>;
  series: Client['series'];
}

/** What a series and its files are called, to know them again on another server. */
export interface Names {
  series: string;
  /** By file; only those that the page knows. */
  files: ReadonlyMap<number, string>;
}

interface Outgoing {
  change: MarkChange;
  names: Names;
}

interface Hearers {
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what a person should know. */
  onProblem: (message: string) => void;
  /** Hears that the server has taken all there was. */
  onSent: () => void;
}

/** Sends marks one after the other, in the background, and takes in those of other windows. */
export class TriageSync {
  readonly #client: MarkClient;
  readonly #book: MarkBook;
  readonly #hearers: Hearers;
  #queue: readonly Outgoing[] = [];
  #sending: Promise<void> | null = null;
  #revision = 0;
  /** Another server has taken the place of the one that the list of the page is from. */
  #isOther = false;

  constructor(client: MarkClient, book: MarkBook, hearers: Hearers) {
    this.#client = client;
    this.#book = book;
    this.#hearers = hearers;
  }

  /** Whether marks have not reached the server. */
  get hasUnsent(): boolean {
    return this.#book.pending.length > 0;
  }

  /** Takes in what was marked elsewhere. */
  async refresh(): Promise<void> {
    try {
      await this.#receive(this.#client.marks.overview(this.#revision));
    } catch (reason) {
      this.#report(reason);
    }
  }

  send(changes: readonly MarkChange[], names: Names): void {
    this.#put([...this.#queue, ...changes.map((change) => ({ change, names }))]);
    void this.drain();
  }

  /** Resolves when there is nothing to be sent, or the server cannot be reached. */
  async drain(): Promise<void> {
    if (this.#queue.length > 0) await (this.#sending ??= this.#sendAll());
  }

  /** Takes up what a lost connection has left undone. */
  async resume({ isOther }: { isOther: boolean }): Promise<void> {
    if (isOther) {
      this.#isOther = true;
      this.#revision = 0;
      this.#book.clear();
    }
    await this.drain();
    await this.refresh();
  }

  async #sendAll(): Promise<void> {
    let refused = 0;
    try {
      for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
        if (!(await this.#isFor(next))) refused += 1;
        else await this.#sendOne(next.change);
        this.#put(this.#queue.slice(1));
      }
      this.#hearers.onSent();
    } catch (reason) {
      this.#hearers.onFailure(asApiError(reason));
    } finally {
      this.#sending = null;
    }
    if (refused > 0) {
      this.#hearers.onProblem(
        `${plural(refused, 'mark')} could not be sent: the server lists other files now`,
      );
    }
  }

  /** Sends a change; throws only where the server cannot be reached. */
  async #sendOne(change: MarkChange): Promise<void> {
    try {
      await this.#receive(this.#client.marks.change(bodyOf(change), this.#revision));
    } catch (reason) {
      const failure = asApiError(reason);
      if (failure.isUnreachable) throw failure;
      // What was made and could not be saved is told by those who watch over saving.
      if (failure.status === 507) await this.refresh();
      else this.#hearers.onProblem(`A mark was not taken: ${failure.message}`);
    }
  }

  async #receive(pending: ReturnType<MarkClient['marks']['overview']>): Promise<void> {
    const { revision, marks } = await pending;
    this.#revision = revision;
    this.#book.receive(marks);
  }

  /** Whether what a change is about is what the server calls so. */
  async #isFor({ change, names }: Outgoing): Promise<boolean> {
    if (!this.#isOther) {
      await Promise.resolve();
      return true;
    }
    const detail = await this.#client.series(change.series).catch((reason: unknown) => {
      if (asApiError(reason).isUnreachable) throw reason;
      return null;
    });
    if (detail === null) return false;
    const content = new SeriesContent(detail);
    const isSame = (file: number) => {
      const name = names.files.get(file) ?? '';
      return name !== '' && name === content.file(file)?.path;
    };
    return seriesName(detail.series) === names.series && (change.files ?? []).every(isSame);
  }

  #put(queue: readonly Outgoing[]): void {
    this.#queue = queue;
    this.#book.pending = queue.map(({ change }) => change);
  }

  #report(reason: unknown): void {
    const failure = asApiError(reason);
    if (failure.isUnreachable) this.#hearers.onFailure(failure);
    else this.#hearers.onProblem(failure.message);
  }
}

function bodyOf({ series, files, parts: { verdict, note } }: MarkChange): TriageChange {
  return {
    ...(files === null ? { series } : { files: [...files] }),
    ...(verdict === undefined ? {} : { mark: verdict === '' ? null : verdict }),
    ...(note === undefined ? {} : { note }),
  };
}

/** What tells a series from any other, whatever its number is. */
export function seriesName(row: SeriesRow): string {
  const { series_instance_uid, folder, file_name, file_count } = row;
  return JSON.stringify([series_instance_uid, folder, file_name, file_count]);
}
