import { asApiError, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import { readRoi, roiBody } from '../../api/roiBody';
import type {
  AddRoi,
  RemoveRoi,
  ReplaceRoi,
  RoiCount,
  RoiFileOutcome,
  RoiList,
  RoiOverview,
} from '../../api/types.gen';
import type { RoiBook } from './roiBook.svelte';
import type { RoiOperation } from './roiEdits';
import { parcelsOf, type Parcel } from './roiParcel';

type RoiClient = Pick<Client['rois'], 'overview' | 'lists' | 'edit'>;

/** Edits that follow each other faster than this travel together. */
const GATHER_MS = 150;
/** What is looked at meanwhile comes after so many files. */
const FILES_AT_ONCE = 300;
/** While something is not saved, the server is asked this often whether it is by now. */
const UNSAVED_POLL_MS = 5_000;

interface Hearers {
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what a person should know. */
  onProblem: (message: string) => void;
  /** Hears that the server has taken edits. */
  onSent: () => void;
}

/** Keeps the ROIs of the page and those of the server the same, and no edit from being lost. */
export class RoiSync {
  readonly #client: RoiClient;
  readonly #book: RoiBook;
  readonly #hearers: Hearers;
  /** Files with edits that the server has not taken yet. */
  #unsent = $state.raw<ReadonlySet<number>>(new Set());
  /** Files that it has refused the edits of, until there is another edit. */
  #refused = $state.raw<ReadonlySet<number>>(new Set());
  #isSending = false;
  #isLoading = false;
  #needed = new Set<number>();
  /** Revisions by file of what the server has, as it said when it was asked last. */
  readonly #revisions = new Map<number, string>();
  #clock = 0;
  #isAsked = false;
  #poll: ReturnType<typeof setTimeout> | undefined;

  /** What there is of each file that has ROIs, or had some. */
  overview = $state.raw<ReadonlyMap<number, RoiCount>>(new Map());
  /** How many ROIs each series has, by its number. */
  readonly seriesCounts: ReadonlyMap<number, number> = $derived.by(() => {
    const counts = new Map<number, number>();
    for (const { series, count } of this.overview.values()) {
      counts.set(series, (counts.get(series) ?? 0) + count);
    }
    return counts;
  });
  /** Where the server saves edits; null where it keeps them in memory. */
  savedIn = $state<string | null>(null);
  /** Files with edits that the server has neither saved nor given away. */
  unsavedFiles = $state(0);
  /** Why it cannot save at present; empty where all is well. */
  saveError = $state('');

  constructor(client: RoiClient, book: RoiBook, hearers: Hearers) {
    this.#client = client;
    this.#book = book;
    this.#hearers = hearers;
  }

  /** How many files have edits that have not reached the server. */
  get unsentFiles(): number {
    return this.#unsent.size;
  }

  /** Of how many it does not take them. */
  get refusedFiles(): number {
    return [...this.#refused].filter((file) => this.#unsent.has(file)).length;
  }

  /** Whether edits have not reached the server. */
  get hasUnsent(): boolean {
    return this.#unsent.size > 0;
  }

  /** Whether edits would be lost with this page or its server. */
  get isUnsafe(): boolean {
    return this.hasUnsent || this.unsavedFiles > 0;
  }

  /** Names the files that are looked at, those first that are seen first. */
  need(files: readonly number[]): void {
    if (files.length === 0) return;
    this.#needed = new Set([...files, ...this.#needed]);
    if (this.#isAsked) void this.#load().catch((reason: unknown) => this.#report(reason));
    else void this.refresh();
  }

  /** Fetches the ROIs of all files that have some. */
  async loadAll(): Promise<void> {
    await this.refresh();
    const files = [...this.overview.values()].filter(({ count }) => count > 0);
    this.#needed = new Set([...this.#needed, ...files.map(({ index }) => index)]);
    await this.#load();
  }

  /** Takes in what was changed elsewhere. */
  async refresh(): Promise<void> {
    try {
      this.#note(await this.#client.overview(this.#clock));
      await this.#load();
    } catch (reason) {
      this.#report(reason);
    }
  }

  /** Notes that a file was edited on this page. */
  touch(file: number): void {
    this.#refused = without(this.#refused, file);
    this.#mark(file);
    if (this.#isSending) return;
    this.#isSending = true;
    setTimeout(() => void this.#send(), GATHER_MS);
  }

  /** Takes up what a lost connection has left undone. A server that was started anew counts from 0. */
  async resume(): Promise<void> {
    this.#clock = 0;
    this.#revisions.clear();
    for (const file of this.#unsent) this.touch(file);
    await this.refresh();
  }

  stop(): void {
    clearTimeout(this.#poll);
  }

  #note(overview: RoiOverview): void {
    this.#isAsked = true;
    this.#clock = overview.revision;
    this.savedIn = overview.saved_in;
    this.unsavedFiles = overview.unsaved_files;
    this.saveError = overview.save_error;
    for (const file of overview.files) this.#revisions.set(file.index, file.revision);
    if (overview.files.length > 0) {
      const news = overview.files.map((file) => [file.index, file] as const);
      this.overview = new Map([...this.overview, ...news]);
    }
    this.#book.labels.known = overview.labels;
    clearTimeout(this.#poll);
    if (this.saveError === '') return;
    this.#poll = setTimeout(() => void this.refresh(), UNSAVED_POLL_MS);
  }

  /** Fetches what is looked at and not known as the server has it now. */
  async #load(): Promise<void> {
    if (this.#isLoading) return;
    this.#isLoading = true;
    const isStale = (file: number) => {
      const revision = this.#revisions.get(file);
      const isBusy = this.#unsent.has(file) || this.#refused.has(file);
      return revision !== undefined && !isBusy && this.#knownRevision(file) !== revision;
    };
    try {
      let files = [...this.#needed].filter(isStale);
      while (files.length > 0) {
        await this.#fetch(files.slice(0, FILES_AT_ONCE));
        files = [...this.#needed].filter(isStale);
      }
    } finally {
      this.#isLoading = false;
    }
  }

  async #fetch(files: readonly number[]): Promise<void> {
    const before = new Map(files.map((file) => [file, this.#knownRevision(file)]));
    for await (const list of this.#client.lists(files)) {
      // An edit that was faster has told what there is since.
      if (this.#knownRevision(list.index) === before.get(list.index)) this.#receive(list);
    }
  }

  #knownRevision(file: number): string | undefined {
    return this.#book.file(file).known?.revision;
  }

  /** Sends edits until the server has them all. */
  async #send(): Promise<void> {
    const sendable = () => [...this.#unsent].filter((file) => !this.#refused.has(file));
    try {
      for (let files = sendable(); files.length > 0; files = sendable()) {
        const unknown = files.filter((file) => this.#knownRevision(file) === undefined);
        // What is there has to be known before it is edited.
        if (unknown.length > 0) {
          await this.#each(unknown, (some) => this.#fetch(some));
        } else await this.#each(files, (some) => this.#sendOnce(some));
      }
    } catch (reason) {
      this.#report(reason);
    } finally {
      this.#isSending = false;
    }
    if (!this.hasUnsent) await this.refresh();
  }

  /** Does something with files; where it fails for all of them, with fewer, so that no file holds up the others. */
  async #each(
    files: readonly number[],
    attempt: (files: readonly number[]) => Promise<void>,
  ): Promise<void> {
    try {
      await attempt(files);
    } catch (reason) {
      if (asApiError(reason).isUnreachable) throw reason;
      const [file] = files;
      if (files.length === 1 && file !== undefined) {
        this.#refuse(file, asApiError(reason).message);
        return;
      }
      const half = Math.ceil(files.length / 2);
      await this.#each(files.slice(0, half), attempt);
      await this.#each(files.slice(half), attempt);
    }
  }

  async #sendOnce(files: readonly number[]): Promise<void> {
    const parcels = parcelsOf(files.map((file) => this.#book.file(file)));
    const answer = await this.#client.edit(
      parcels.map(({ book, revision, operations }) => ({
        index: book.file,
        revision,
        operations: operations.map(operationBody),
      })),
    );
    if (answer.error !== undefined) this.saveError = answer.error;
    this.#hearers.onSent();
    for (const [place, parcel] of parcels.entries()) {
      await this.#settle(parcel, answer.files[place]);
    }
    for (const file of files) this.#mark(file);
  }

  async #settle({ book, sent }: Parcel, outcome: RoiFileOutcome | undefined): Promise<void> {
    const { revision, rois, current, error = 'the server says nothing of an edit' } = outcome ?? {};
    if (current !== undefined) this.#receive(current);
    else if (revision === undefined) this.#refuse(book.file, error);
    else {
      this.#revisions.set(book.file, revision);
      if (sent === null) await this.#fetch([book.file]);
      else book.acknowledge(sent, revision, (rois ?? []).map(readRoi));
    }
  }

  #receive(list: RoiList): void {
    const { index, revision, path, rois } = list;
    const book = this.#book.file(index);
    if (book.known !== null && book.known.path !== path) {
      this.#refuse(
        index,
        `ROIs of ${book.known.path} could not be sent: the server lists other files now`,
      );
      return;
    }
    const doubled = book.receive({ revision, path, rois: rois.map(readRoi) });
    this.#revisions.set(index, revision);
    if (doubled > 0) {
      this.#hearers.onProblem(
        doubled === 1
          ? 'An ROI was changed here and in another window: both are kept'
          : `${String(doubled)} ROIs were changed here and in another window: both of each are kept`,
      );
    }
  }

  /** Keeps edits here that the server does not take. */
  #refuse(file: number, message: string): void {
    this.#refused = new Set(this.#refused).add(file);
    this.#hearers.onProblem(message);
  }

  #mark(file: number): void {
    const isUnsent = this.#book.file(file).unsent.length > 0;
    if (this.#unsent.has(file) === isUnsent) return;
    this.#unsent = isUnsent ? new Set(this.#unsent).add(file) : without(this.#unsent, file);
  }

  #report(reason: unknown): void {
    const failure = asApiError(reason);
    if (failure.isUnreachable) this.#hearers.onFailure(failure);
    else this.#hearers.onProblem(failure.message);
  }
}

function without(files: ReadonlySet<number>, file: number): ReadonlySet<number> {
  if (!files.has(file)) return files;
  const rest = new Set(files);
  rest.delete(file);
  return rest;
}

function operationBody(operation: RoiOperation): AddRoi | ReplaceRoi | RemoveRoi {
  return operation.op === 'remove' ? operation : { ...operation, roi: roiBody(operation.roi) };
}
