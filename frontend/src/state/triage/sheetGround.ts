import type { FrameRef } from '../../dicom/frameRef';
import type { ContactSheet } from '../list/contactSheet.svelte';
import type { SheetItem } from '../list/sheetCells';
import type { Study } from '../list/study.svelte';
import type { Ground, Scope } from './ground';
import type { MarkBook } from './markBook.svelte';
import type { Subject } from './marks';

/** The cells of the contact sheet: one that stands for a series is marked as that. */
export class SheetGround implements Ground {
  readonly #sheet: Pick<ContactSheet, 'items' | 'focused' | 'focus' | 'content'>;
  readonly #study: Pick<Study, 'series'>;
  readonly #book: MarkBook;

  constructor(
    sheet: Pick<ContactSheet, 'items' | 'focused' | 'focus' | 'content'>,
    study: Pick<Study, 'series'>,
    book: MarkBook,
  ) {
    this.#sheet = sheet;
    this.#study = study;
    this.#book = book;
  }

  get here(): FrameRef | null {
    const item = this.#sheet.focused;
    return item?.kind === 'frame' ? item.ref : null;
  }

  get content() {
    return this.#sheet.content;
  }

  subject(scope: Scope): Subject | null {
    const item = this.#sheet.focused;
    return item === null ? null : subjectOf(item, scope);
  }

  canMark(): boolean {
    return this.#sheet.focused !== null;
  }

  goToUnmarked(scope: Scope, distance: 1 | -1): void {
    const { items, focused } = this.#sheet;
    const inOrder = distance > 0 ? items : items.toReversed();
    const at = inOrder.findIndex(({ key }) => key === focused?.key);
    const onwards = [...inOrder.slice(at + 1), ...inOrder.slice(0, Math.max(0, at))];
    const next = onwards.find((item) => this.#isUnmarked(item, scope));
    if (next !== undefined) this.#sheet.focus(next);
  }

  goTo(series: number, ref: FrameRef | null): void {
    const cell = this.#sheet.items.find((item) =>
      item.kind === 'series'
        ? item.row.index === series
        : item.stack.series === series && (ref === null || item.ref.file === ref.file),
    );
    if (cell !== undefined) this.#sheet.focus(cell);
  }

  focus(): void {
    if (this.#sheet.focused !== null) this.#sheet.focus(this.#sheet.focused);
  }

  #isUnmarked(item: SheetItem, scope: Scope): boolean {
    const subject = subjectOf(item, scope);
    const row = this.#study.series(subject.series)?.row;
    return row !== undefined && this.#book.standingOf(subject, row).unmarked > 0;
  }
}

function subjectOf(item: SheetItem, scope: Scope): Subject {
  if (item.kind === 'series') return { series: item.row.index, files: null };
  return { series: item.stack.series, files: scope === 'series' ? null : [item.ref.file] };
}
