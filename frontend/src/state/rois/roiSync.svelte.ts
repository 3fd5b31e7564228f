import { asApiError, RoiRefused, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import { readRoi, roiBody } from '../../api/roiBody';
import type { AddRoi, RemoveRoi, ReplaceRoi, RoiCount, RoiList } from '../../api/types.gen';
import type { FileRois, ServerRois } from './fileRois.svelte';
import type { RoiBook } from './roiBook.svelte';
import type { RoiOperation } from './roiEdits';

type RoiClient = Pick<Client['rois'], 'overview' | 'list' | 'lists' | 'edit'>;

/** Edits that follow each other faster than this travel together. */
const GATHER_MS = 150;
/** As many as the server takes at once. */
const MOST_OPERATIONS = 1_000;
/** While something is not saved, the server is asked this often whether it is by now. */
const UNSAVED_POLL_MS = 5_000;

interface Hearers {
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what a person should know. */
  onProblem: (message: string) => void;
}

/** Keeps the ROIs of the page and those of the server the same, and no edit from being lost. */
export class RoiSync {
  readonly #client: RoiClient;
  readonly #book: RoiBook;
  readonly #hearers: Hearers;
  readonly #sending = new Set<number>();
  /** Files with edits that the server has not taken yet. */
  #unsent = $state.raw<ReadonlySet<number>>(new Set());
  /** Files that it has refused the edits of, until there is another edit. */
  readonly #refused = new Set<number>();
  #needed = new Set<number>();
  /** Revisions by file of what the server has, as it said when it was asked last. */
  readonly #revisions = new Map<number, string>();
  #clock = 0;
  #isAsked = false;
  #poll: ReturnType<typeof setTimeout> | undefined;

  /** What there is of each file that has ROIs, or had some. */
  overview = $state.raw<ReadonlyMap<number, RoiCount>>(new Map());
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
    if (this.#isAsked) void this.#load();
    else void this.refresh();
  }

  /** Takes in what was changed elsewhere. */
  async refresh(): Promise<void> {
    try {
      const overview = await this.#client.overview(this.#clock);
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
      if (this.saveError !== '') {
        this.#poll = setTimeout(() => void this.refresh(), UNSAVED_POLL_MS);
      }
      await this.#load();
    } catch (reason) {
      this.#report(reason);
    }
  }

  /** Notes that a file was edited on this page. */
  touch(file: number): void {
    this.#refused.delete(file);
    this.#mark(file, this.#book.file(file).unsent.length > 0);
    if (this.#sending.has(file)) return;
    this.#sending.add(file);
    setTimeout(() => void this.#send(file), GATHER_MS);
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

  /** Fetches what is looked at and not known as the server has it now. */
  async #load(): Promise<void> {
    const files = [...this.#needed].filter((file) => {
      const revision = this.#revisions.get(file);
      return (
        revision !== undefined &&
        !this.#sending.has(file) &&
        this.#book.file(file).known?.revision !== revision
      );
    });
    for await (const list of this.#client.lists(files)) this.#receive(list.index, list);
  }

  /** Sends the edits of one file until the server has them all. */
  async #send(file: number): Promise<void> {
    const book = this.#book.file(file);
    try {
      while (book.unsent.length > 0 && !this.#refused.has(file)) {
        // The answer to an edit before the first look says all the same what there is.
        if (book.known === null) this.#receive(file, await this.#client.list(file));
        else await this.#sendOnce(file, book, book.known);
      }
    } catch (reason) {
      this.#report(reason);
    } finally {
      this.#sending.delete(file);
      this.#mark(file, book.unsent.length > 0);
    }
    if (!this.hasUnsent) await this.refresh();
  }

  async #sendOnce(file: number, book: FileRois, known: ServerRois): Promise<void> {
    const operations = book.unsent.slice(0, MOST_OPERATIONS);
    const sent = book.list;
    const isAll = operations.length === book.unsent.length;
    try {
      const answer = await this.#client.edit(file, known.revision, {
        operations: operations.map(operationBody),
      });
      this.#revisions.set(file, answer.revision);
      if (isAll) book.acknowledge(sent, answer.revision, answer.rois.map(readRoi));
      else this.#receive(file, await this.#client.list(file));
    } catch (reason) {
      if (reason instanceof RoiRefused) {
        if (reason.isMade) this.saveError = reason.message;
        this.#receive(file, reason.current);
      } else {
        if (!asApiError(reason).isUnreachable) this.#refused.add(file);
        throw reason;
      }
    }
  }

  #receive(file: number, list: RoiList): void {
    const book = this.#book.file(file);
    if (book.known !== null && book.known.path !== list.path) {
      this.#refused.add(file);
      this.#hearers.onProblem(
        `ROIs of ${book.known.path} could not be sent: the server lists other files now`,
      );
      return;
    }
    const { revision, path, rois } = list;
    const doubled = book.receive({ revision, path, rois: rois.map(readRoi) });
    this.#revisions.set(file, revision);
    if (doubled > 0) {
      this.#hearers.onProblem(
        doubled === 1
          ? 'An ROI was changed here and in another window: both are kept'
          : `${String(doubled)} ROIs were changed here and in another window: both of each are kept`,
      );
    }
  }

  #mark(file: number, isUnsent: boolean): void {
    if (this.#unsent.has(file) === isUnsent) return;
    const files = new Set(this.#unsent);
    if (isUnsent) files.add(file);
    else files.delete(file);
    this.#unsent = files;
  }

  #report(reason: unknown): void {
    const failure = asApiError(reason);
    if (failure.isUnreachable) this.#hearers.onFailure(failure);
    else this.#hearers.onProblem(failure.message);
  }
}

function operationBody(operation: RoiOperation): AddRoi | ReplaceRoi | RemoveRoi {
  return operation.op === 'remove' ? operation : { ...operation, roi: roiBody(operation.roi) };
}
