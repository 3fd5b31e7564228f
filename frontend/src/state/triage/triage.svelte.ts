import { asApiError, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { ImportOutcome } from '../../api/roiFiles';
import type { FrameRef } from '../../dicom/frameRef';
import type { Study } from '../list/study.svelte';
import type { Pane } from '../panes/pane.svelte';
import { MarkBook } from './markBook.svelte';
import type { MarkChange, Standing, Subject, Verdict } from './marks';
import { progressOf, type Progress } from './progress';
import { seriesName, TriageSync, type Names } from './triageSync.svelte';
import { inOrder } from './walk';

interface Hearers {
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what a person should know. */
  onProblem: (message: string) => void;
  /** Hears that the server has taken all marks there were. */
  onSent: () => void;
}

type TriageClient = Pick<Client, 'marks' | 'series'>;
type TriageStudy = Pick<Study, 'series' | 'images' | 'next'>;
type TriagePane = Pick<Pane, 'navigator' | 'viewer' | 'focus'>;

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
  readonly #study: TriageStudy;
  readonly #pane: () => TriagePane;
  #taken = $state.raw<readonly Taken[]>([]);
  #imported = $state.raw<MarkImport | null>(null);
  #focusNote: () => void = () => undefined;

  /** While it is, keys mark what is seen. */
  isOn = $state(false);
  /** Whether a mark is for a whole series or for the file that is seen. */
  scope = $state<'series' | 'file'>('series');

  /** What a mark would be for. */
  readonly subject: Subject | null = $derived.by(() => {
    const { navigator, viewer } = this.#pane();
    const { series } = navigator;
    if (series === null) return null;
    if (this.scope === 'series') return { series, files: null };
    return viewer.file === null ? null : { series, files: [viewer.file.index] };
  });

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

  /** Nobody can judge what is not seen yet; what cannot be shown can be judged for that. */
  readonly canMark: boolean = $derived.by(() => {
    const { navigator, viewer } = this.#pane();
    if (this.subject === null) return false;
    if (navigator.failure !== null || viewer.failure !== null) return true;
    const { stack, seen } = viewer;
    if (stack === null || !stack.has_pixels) return stack !== null;
    if (this.scope === 'file') return seen?.ref.file === viewer.file?.index;
    return stack.placeOf(seen?.ref ?? null) !== null;
  });

  constructor(client: TriageClient, study: TriageStudy, pane: () => TriagePane, hearers: Hearers) {
    this.#client = client;
    this.#study = study;
    this.#pane = pane;
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
    this.#pane().focus();
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
    const { navigator } = this.#pane();
    navigator.open(last.series, last.ref === null ? 'first-image' : { frame: last.ref }, 'kept');
  }

  /** Says something about a subject, whatever its mark is. */
  setNote(note: string, subject: Subject): void {
    const row = this.#study.series(subject.series)?.row;
    if (row === undefined || this.book.standingOf(subject, row).note === note) return;
    this.sync.send([{ ...subject, parts: { note } }], this.#names(subject.series, subject.files));
  }

  /** Opens the next series or file without a mark, from what is seen on and round the end of the list. */
  goToUnmarked(distance: 1 | -1): void {
    const { navigator, viewer } = this.#pane();
    if (navigator.series === null) return;
    const refs =
      this.scope === 'file' && navigator.content ? inOrder(navigator.content, distance) : [];
    const at = refs.findIndex(({ file }) => file === viewer.file?.index);
    const isUnmarked = ({ file }: FrameRef) =>
      this.book.of(navigator.series ?? -1).of(file).verdict === '';
    const later = refs.slice(at + 1).find(isUnmarked);
    const series = this.#study.next(
      navigator.series,
      distance,
      ({ row }) => row.image_count > 0 && this.book.standing(row).unmarked > 0,
    );
    const earlier = refs.slice(0, at).find(isUnmarked);
    if (later !== undefined) navigator.open(navigator.series, { frame: later }, 'kept');
    else if (series !== null) this.#enter(series.row.index, distance);
    else if (earlier !== undefined) navigator.open(navigator.series, { frame: earlier }, 'kept');
  }

  /** All marks as a table. */
  async exportCsv(): Promise<Blob> {
    await this.sync.drain();
    return this.#client.marks.exportCsv();
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

  #enter(series: number, distance: 1 | -1): void {
    const { navigator } = this.#pane();
    if (this.scope === 'series') {
      navigator.open(series, 'first-image', 'kept');
      return;
    }
    const marks = this.book.of(series);
    navigator.open(
      series,
      {
        find: (content) =>
          inOrder(content, distance).find(({ file }) => marks.of(file).verdict === '') ?? null,
      },
      'kept',
    );
  }

  #decide(verdict: Verdict | ''): boolean {
    const { subject, standing } = this;
    if (subject === null || standing === null || !this.canMark) return false;
    if (standing.verdict === verdict) return true;
    const { series, files } = subject;
    const changes = this.book.of(series).verdicts(subject);
    const named = changes.flatMap((change) => change.files ?? []);
    const names = this.#names(series, [...named, ...(files ?? [])]);
    const { ref } = this.#pane().viewer.scroll;
    this.#taken = [...this.#taken, { changes, names, series, ref }];
    this.sync.send([{ ...subject, parts: { verdict } }], names);
    return true;
  }

  #names(series: number, files: readonly number[] | null): Names {
    const row = this.#study.series(series)?.row;
    const { content } = this.#pane().navigator;
    return {
      series: row === undefined ? '' : seriesName(row),
      files: new Map((files ?? []).map((file) => [file, content?.file(file)?.path ?? ''])),
    };
  }
}
