import type { FrameRef } from '../../dicom/frameRef';
import type { Study } from '../list/study.svelte';
import type { Pane } from '../panes/pane.svelte';
import type { SeriesContent } from '../view/seriesContent';
import type { Ground, Scope } from './ground';
import type { MarkBook } from './markBook.svelte';
import type { Subject } from './marks';

/** The images of the active pane, series after series. */
export class PaneGround implements Ground {
  readonly #pane: () => Pick<Pane, 'navigator' | 'viewer' | 'focus'>;
  readonly #study: Pick<Study, 'next'>;
  readonly #book: MarkBook;

  constructor(
    pane: () => Pick<Pane, 'navigator' | 'viewer' | 'focus'>,
    study: Pick<Study, 'next'>,
    book: MarkBook,
  ) {
    this.#pane = pane;
    this.#study = study;
    this.#book = book;
  }

  get here(): FrameRef | null {
    return this.#pane().viewer.scroll.ref;
  }

  get content(): SeriesContent | null {
    return this.#pane().navigator.content;
  }

  subject(scope: Scope): Subject | null {
    const { navigator, viewer } = this.#pane();
    const { series } = navigator;
    if (series === null) return null;
    if (scope === 'series') return { series, files: null };
    return viewer.file === null ? null : { series, files: [viewer.file.index] };
  }

  canMark(scope: Scope): boolean {
    const { navigator, viewer } = this.#pane();
    if (this.subject(scope) === null) return false;
    if (navigator.failure !== null || viewer.failure !== null) return true;
    const { stack, seen } = viewer;
    if (stack === null || !stack.has_pixels) return stack !== null;
    if (scope === 'file') return seen?.ref.file === viewer.file?.index;
    return stack.placeOf(seen?.ref ?? null) !== null;
  }

  goToUnmarked(scope: Scope, distance: 1 | -1): void {
    const { navigator, viewer } = this.#pane();
    if (navigator.series === null) return;
    const refs = scope === 'file' && navigator.content ? inOrder(navigator.content, distance) : [];
    const at = refs.findIndex(({ file }) => file === viewer.file?.index);
    const later = this.#unmarked(navigator.series, refs.slice(at + 1));
    const series = this.#study.next(
      navigator.series,
      distance,
      ({ row }) => row.image_count > 0 && this.#book.standing(row).unmarked > 0,
    );
    const earlier = this.#unmarked(navigator.series, refs.slice(0, Math.max(0, at)));
    if (later !== null) navigator.open(navigator.series, { frame: later }, 'kept');
    else if (series !== null) this.#enter(series.row.index, scope, distance);
    else if (earlier !== null) navigator.open(navigator.series, { frame: earlier }, 'kept');
  }

  goTo(series: number, ref: FrameRef | null): void {
    const pick = ref === null ? 'first-image' : { frame: ref };
    this.#pane().navigator.open(series, pick, 'kept');
  }

  focus(): void {
    this.#pane().focus();
  }

  #enter(series: number, scope: Scope, distance: 1 | -1): void {
    const find = (content: SeriesContent) => this.#unmarked(series, inOrder(content, distance));
    this.#pane().navigator.open(series, scope === 'series' ? 'first-image' : { find }, 'kept');
  }

  #unmarked(series: number, refs: readonly FrameRef[]): FrameRef | null {
    const marks = this.#book.of(series);
    return refs.find(({ file }) => marks.of(file).verdict === '') ?? null;
  }
}

/** Where the files of a series are first met when it is scrolled through, forwards or backwards. */
function inOrder({ stacks }: SeriesContent, direction: 1 | -1): FrameRef[] {
  const refs = stacks.flatMap(({ has_pixels, lanes, row }) =>
    has_pixels ? lanes.flat() : row.files.map((file) => ({ file, frame_index: 0 })),
  );
  const firsts = new Map<number, FrameRef>();
  for (const ref of refs) if (!firsts.has(ref.file)) firsts.set(ref.file, ref);
  return direction > 0 ? [...firsts.values()] : [...firsts.values()].reverse();
}
