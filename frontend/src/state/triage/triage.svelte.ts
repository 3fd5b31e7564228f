import { asApiError, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { ImportOutcome } from '../../api/roiFiles';
import type { FrameRef } from '../../dicom/frameRef';
import type { ContactSheet } from '../list/contactSheet.svelte';
import type { Study } from '../list/study.svelte';
import type { Pane } from '../panes/pane.svelte';
import type { Ground, Scope } from './ground';
import { MarkBook } from './markBook.svelte';
import type { MarkChange, Standing, Subject, Verdict } from './marks';
import { PaneGround } from './paneGround';
import { progressOf, type Progress } from './progress';
import { SheetGround } from './sheetGround';
import { seriesName, TriageSync, type Names } from './triageSync.svelte';

interface Hearers {
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what a person should know. */
  onProblem: (message: string) => void;
  /** Hears that the server has taken all marks there were. */
  onSent: () => void;
  /** Hears that all marks have left the server. */
  onExported: () => void;
}

type TriageClient = Pick<Client, 'marks' | 'series'>;

/** What brings the last mark back, and where it was made. */
interface Taken {
  changes: readonly MarkChange[];
  names: Names;
  series: number;
  ref: FrameRef | null;
}

/** What became of a table of marks. */
export interface MarkImport {
  name: string;
  outcome: ImportOutcome | null;
  failure: ApiError | null;
}

/** Going through series or files, and deciding about each. */
export class Triage {
  readonly book = new MarkBook();
  readonly sync: TriageSync;
  readonly #client: TriageClient;
  readonly #study: Study;
  readonly #hearers: Hearers;
  readonly #grounds: { pane: Ground; sheet: Ground };
  readonly #isSheetOpen: () => boolean;
  #taken = $state.raw<readonly Taken[]>([]);
  #imported = $state.raw<MarkImport | null>(null);
  #focusNote: () => void = () => undefined;

  /** While it is, keys mark what is seen. */
  isOn = $state(false);
  /** Whether a mark is for a whole series or for the file that is seen. */
  scope = $state<Scope>('series');

  readonly #ground: Ground = $derived.by(() =>
    this.#isSheetOpen() ? this.#grounds.sheet : this.#grounds.pane,
  );

  /** What a mark would be for. */
  readonly subject: Subject | null = $derived.by(() => this.#ground.subject(this.scope));

  readonly standing: Standing | null = $derived.by(() => {
    const row = this.subject && this.#study.series(this.subject.series)?.row;
    return this.subject && row ? this.book.standingOf(this.subject, row) : null;
  });

  readonly progress: Progress = $derived.by(() =>
    progressOf(
      this.#study.images().map(({ row }) => this.book.standing(row)),
      this.scope,
    ),
  );

  readonly canMark: boolean = $derived.by(() => this.#ground.canMark(this.scope));

  constructor(
    client: TriageClient,
    study: Study,
    sheet: ContactSheet,
    pane: () => Pane,
    hearers: Hearers,
  ) {
    this.#client = client;
    this.#study = study;
    this.#hearers = hearers;
    this.#isSheetOpen = () => sheet.isOpen;
    this.#grounds = {
      pane: new PaneGround(pane, study, this.book),
      sheet: new SheetGround(sheet, study, this.book),
    };
    this.sync = new TriageSync(client, this.book, hearers);
  }

  get canTakeBack(): boolean {
    return this.#taken.length > 0;
  }

  /** What became of the last table that was taken in. */
  get imported(): MarkImport | null {
    return this.#imported;
  }

  /** Tells how the field for the note gets the focus. */
  onFocusNote(focus: () => void): void {
    this.#focusNote = focus;
  }

  focusNote(): void {
    this.#focusNote();
  }

  focusImage(): void {
    this.#ground.focus();
  }

  /** Marks what is seen and goes on to the next that has no mark. */
  mark(verdict: Verdict): void {
    if (this.#decide(verdict)) this.goToUnmarked(1);
  }

  /** Takes the mark of what is seen away. */
  clearMark(): void {
    this.#decide('');
  }

  /** Undoes the last mark of this page and goes back to what it was for. */
  takeBack(): void {
    const last = this.#taken.at(-1);
    if (last === undefined) return;
    this.#taken = this.#taken.slice(0, -1);
    this.sync.send(last.changes, last.names);
    this.#ground.goTo(last.series, last.ref);
  }

  /** Says something about a subject, whatever its mark is. */
  setNote(note: string, subject: Subject): void {
    const row = this.#study.series(subject.series)?.row;
    if (row === undefined || this.book.standingOf(subject, row).note === note) return;
    this.sync.send([{ ...subject, parts: { note } }], this.#names(subject.series, subject.files));
  }

  /** Goes on to the next series or file without a mark, and round the end of the list. */
  goToUnmarked(distance: 1 | -1): void {
    this.#ground.goToUnmarked(this.scope, distance);
  }

  /** All marks as a table. */
  async exportCsv(): Promise<Blob> {
    await this.sync.drain();
    const table = await this.#client.marks.exportCsv();
    this.#hearers.onExported();
    return table;
  }

  /** Takes the marks of a table, and tells what became of them. */
  async importCsv(name: string, content: Blob): Promise<void> {
    await this.sync.drain();
    try {
      const outcome = await this.#client.marks.import(content);
      this.#imported = { name, outcome, failure: null };
    } catch (reason) {
      this.#imported = { name, outcome: null, failure: asApiError(reason) };
    }
    await this.sync.refresh();
  }

  #decide(verdict: Verdict | ''): boolean {
    const { subject, standing } = this;
    if (subject === null || standing === null || !this.canMark) return false;
    if (standing.verdict === verdict) return true;
    const { series, files } = subject;
    const changes = this.book.of(series).verdicts(subject);
    const named = changes.flatMap((change) => change.files ?? []);
    const names = this.#names(series, [...named, ...(files ?? [])]);
    this.#taken = [...this.#taken, { changes, names, series, ref: this.#ground.here }];
    this.sync.send([{ ...subject, parts: { verdict } }], names);
    return true;
  }

  #names(series: number, files: readonly number[] | null): Names {
    const row = this.#study.series(series)?.row;
    const { content } = this.#ground;
    return {
      series: row === undefined ? '' : seriesName(row),
      files: new Map((files ?? []).map((file) => [file, content?.file(file)?.path ?? ''])),
    };
  }
}
