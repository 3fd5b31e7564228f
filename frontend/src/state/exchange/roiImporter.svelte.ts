import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { ImportOutcome, RoiFiles } from '../../api/roiFiles';
import type { RoiTableHead } from '../../api/types.gen';
import { HEAD_BYTES, layerName, mayBeTable, refusal, wholeLines, type Offered } from './candidates';
import { assigned, lacking, type ColumnMapping, type ColumnMeaning } from './columns';

type ImportClient = Pick<RoiFiles, 'columns' | 'import'>;

/** A file that may be imported. */
export interface Candidate {
  readonly name: string;
  readonly content: Blob;
  /** Why it is left out; empty where it is not. */
  readonly refusal: string;
  /** Of a table of another program: what is in it. */
  readonly head: RoiTableHead | null;
  columns: ColumnMapping;
  /** The layer that its ROIs go to, if they go to one. */
  layer: string;
}

/** What became of a file. */
export interface FileOutcome {
  name: string;
  outcome: ImportOutcome | null;
  /** Why it was left out or could not be read, with the code of a refusal by the server. */
  failure: { message: string; code: string } | null;
}

/** Asking first, then sending one file after the other, then telling what became of them. */
type Stage = 'closed' | 'asking' | 'sending' | 'told';

/** Takes ROIs in from files that were dropped or chosen. */
export class RoiImporter {
  readonly #client: ImportClient;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #onImported: () => void;
  #pick: () => void = () => undefined;
  #stage = $state.raw<Stage>('closed');
  #candidates = $state<Candidate[]>([]);
  #outcomes = $state.raw<readonly FileOutcome[]>([]);
  #request = new AbortController();

  /** What the server has said since its start, of ROIs that were loaded there among others. */
  warnings = $state.raw<readonly string[]>([]);
  /** As a read-only layer each, as predictions are compared, and not to be edited. */
  isLayer = $state(false);

  readonly usable = $derived(this.#candidates.filter((candidate) => candidate.refusal === ''));
  /** What is missing before anything can be sent, in words. */
  readonly lacking = $derived.by(() => {
    const found = this.usable.map(({ head, columns }) => (head === null ? '' : lacking(columns)));
    return found.find((text) => text !== '') ?? '';
  });

  constructor(
    client: ImportClient,
    onFailure: (failure: ApiError) => void,
    onImported: () => void,
  ) {
    this.#client = client;
    this.#onFailure = onFailure;
    this.#onImported = onImported;
  }

  get stage(): Stage {
    return this.#stage;
  }

  get candidates(): readonly Candidate[] {
    return this.#candidates;
  }

  /** What became of the files of the last import. */
  get outcomes(): readonly FileOutcome[] {
    return this.#outcomes;
  }

  /** Tells how files are chosen. */
  onPick(pick: () => void): void {
    this.#pick = pick;
  }

  pick(): void {
    if (this.#stage !== 'sending') this.#pick();
  }

  /** Asks what is to be done with files. */
  async offer(files: readonly Offered[]): Promise<void> {
    if (files.length === 0 || this.#stage === 'sending') return;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const candidates = await Promise.all(files.map((file) => this.#examined(file, signal)));
    if (signal.aborted) return;
    this.#candidates = candidates;
    this.#stage = 'asking';
  }

  /** Says what a column has, in every table with the same columns. */
  assign(table: Candidate, column: string, meaning: ColumnMeaning | null): void {
    for (const candidate of this.#candidates) {
      if (!hasSameColumns(candidate, table)) continue;
      candidate.columns = assigned(candidate.columns, column, meaning);
    }
  }

  /** Sends what can be sent, and tells what became of everything. */
  async send(): Promise<void> {
    const { signal } = this.#request;
    this.#outcomes = [];
    this.#stage = 'sending';
    for (const candidate of this.#candidates) {
      const outcome = await this.#sent(candidate, signal);
      this.#outcomes = [...this.#outcomes, outcome];
    }
    this.#stage = 'told';
    this.#onImported();
  }

  /** Stops sending, or closes what is open. */
  close(): void {
    this.#request.abort();
    if (this.#stage !== 'sending') this.#stage = 'closed';
  }

  /** Whether there is anything to be told again. */
  get hasNews(): boolean {
    return this.#outcomes.length > 0 || this.warnings.length > 0;
  }

  /** Tells again what became of the last files, and what the server has said since its start. */
  tellAgain(): void {
    if (this.hasNews && this.#stage === 'closed') this.#stage = 'told';
  }

  async #examined({ name, content }: Offered, signal: AbortSignal): Promise<Candidate> {
    const candidate = {
      name,
      content: content ?? new Blob(),
      refusal: '',
      head: null,
      columns: {},
      layer: layerName(name),
    };
    if (content === null) {
      return { ...candidate, refusal: 'This is a folder. Choose the files in it.' };
    }
    try {
      const head = new Uint8Array(await content.slice(0, HEAD_BYTES).arrayBuffer());
      const reason = refusal(content.size, head);
      if (reason !== '' || !mayBeTable(head)) return { ...candidate, refusal: reason };
      const found = await this.#client.columns(new Blob([wholeLines(head)]), name, signal);
      if (found.columns.length === 0) return candidate;
      const columns = Object.fromEntries(found.known.map(({ what, column }) => [what, column]));
      return { ...candidate, head: found, columns };
    } catch (reason) {
      // A file that has been moved or changed since it was chosen cannot be read any more.
      return { ...candidate, refusal: this.#said(reason).message };
    }
  }

  async #sent(candidate: Candidate, signal: AbortSignal): Promise<FileOutcome> {
    const { name, content, columns, layer } = candidate;
    if (candidate.refusal !== '') {
      return { name, outcome: null, failure: { message: candidate.refusal, code: '' } };
    }
    const isLocked = this.isLayer;
    const choice = { name, group: isLocked ? layer.trim() : '', isLocked, columns };
    try {
      signal.throwIfAborted();
      return { name, outcome: await this.#client.import(content, choice, signal), failure: null };
    } catch (reason) {
      return { name, outcome: null, failure: this.#said(reason) };
    }
  }

  #said(reason: unknown): { message: string; code: string } {
    if (isAbort(reason)) {
      return {
        message:
          'Stopped. If the server has it whole, it goes in all the same; nothing goes in twice.',
        code: '',
      };
    }
    const failure = asApiError(reason);
    this.#onFailure(failure);
    return { message: failure.message, code: failure.code };
  }
}

function hasSameColumns({ head: first }: Candidate, { head: second }: Candidate): boolean {
  if (first === null || second === null) return false;
  return JSON.stringify(first.columns) === JSON.stringify(second.columns);
}
