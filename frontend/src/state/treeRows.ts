import type { FileEntry, SkippedFile } from '../api/types.gen';
import { fileName, plural, visibleText } from '../dicom/format';
import type { SeriesNode, Stack, Tree } from './tree';

/** One line of the list. */
export interface TreeRow {
  key: string;
  kind: 'patient' | 'study' | 'series' | 'stack' | 'group' | 'skipped';
  /** Depth from 1, as assistive tools count. */
  level: number;
  label: string;
  /** Dimmed text after the label. */
  detail: string;
  /** The whole text, for a narrow list. */
  title: string;
  modality: string;
  count: string;
  warning: string;
  /** null where there is nothing to open or close. */
  isExpanded: boolean | null;
  /** What a click opens in the viewport. */
  stack: Stack | null;
}

export interface TreeRows {
  rows: TreeRow[];
  /** Stacks that pass the filter, and all of them. */
  shown: number;
  total: number;
}

/** Keys of the groups below the patients. */
export const SIDE_GROUPS = ['not-images', 'not-readable'] as const;

/** The rows that are open, in order. While a filter is set everything that matches is open. */
export function treeRows(
  tree: Tree,
  skipped: readonly SkippedFile[],
  options: { filter: string; isCollapsed: (key: string) => boolean },
): TreeRows {
  const words = options.filter.toLowerCase().split(/\s+/).filter(Boolean);
  const builder = new RowBuilder(words, options.isCollapsed);
  for (const patient of tree.patients) builder.addPatient(patient);
  const [notImages, notReadable] = SIDE_GROUPS;
  builder.addGroup(notImages, 'Not images', tree.unattached, 'not_dicom', skipped);
  builder.addGroup(notReadable, 'Not readable', [], 'unreadable', skipped);
  return { rows: builder.rows, shown: builder.shown, total: builder.total };
}

class RowBuilder {
  readonly rows: TreeRow[] = [];
  shown = 0;
  total = 0;
  readonly #words: readonly string[];
  readonly #isCollapsed: (key: string) => boolean;

  constructor(words: readonly string[], isCollapsed: (key: string) => boolean) {
    this.#words = words;
    this.#isCollapsed = isCollapsed;
  }

  addPatient(patient: Tree['patients'][number]): void {
    const studies = patient.studies.map((study) => ({
      study,
      series: study.series
        .map((series) => ({ series, stacks: this.#matching(series.stacks) }))
        .filter(({ stacks }) => stacks.length > 0),
    }));
    const count = studies.reduce((sum, { series }) => sum + series.length, 0);
    if (count === 0) return;
    const isOpen = this.#push({
      key: patient.key,
      kind: 'patient',
      level: 1,
      label: patient.label,
      detail: patient.detail,
      count: patient.studies.length > 1 ? `${String(patient.studies.length)} studies` : '',
      isExpanded: true,
    });
    if (!isOpen) return;
    for (const { study, series } of studies) {
      if (series.length === 0) continue;
      const isStudyOpen = this.#push({
        key: study.key,
        kind: 'study',
        level: 2,
        label: study.label,
        count: series.length > 1 ? `${String(series.length)} series` : '',
        isExpanded: true,
      });
      if (!isStudyOpen) continue;
      for (const member of series) this.#addSeries(member.series, member.stacks);
    }
  }

  #addSeries(series: SeriesNode, stacks: readonly Stack[]): void {
    const [only] = series.stacks;
    if (series.stacks.length === 1 && only !== undefined) {
      this.#push({
        ...stackCells(only),
        key: series.key,
        kind: 'series',
        level: 3,
        label: series.label,
      });
      return;
    }
    const isOpen = this.#push({
      key: series.key,
      kind: 'series',
      level: 3,
      label: series.label,
      modality: series.modality,
      count: plural(stacks.length, 'part'),
      isExpanded: true,
    });
    if (!isOpen) return;
    for (const stack of stacks) {
      this.#push({ ...stackCells(stack), modality: '', kind: 'stack', level: 4 });
    }
  }

  addGroup(
    key: string,
    label: string,
    stacks: readonly Stack[],
    status: SkippedFile['status'],
    skipped: readonly SkippedFile[],
  ): void {
    const objects = this.#matching(stacks);
    const files = skipped.filter(
      (file) => file.status === status && this.#matches(`${file.path} ${file.reason}`),
    );
    const count = objects.length + files.length;
    if (count === 0) return;
    const isOpen = this.#push({
      key,
      kind: 'group',
      level: 1,
      label,
      count: plural(count, 'file'),
      isExpanded: true,
    });
    if (!isOpen) return;
    for (const stack of objects) {
      this.#push({ ...stackCells(stack), kind: 'stack', level: 2, detail: note(stack) });
    }
    for (const file of files) {
      const reason = visibleText(file.reason);
      this.#push({
        key: `skipped/${file.path}`,
        kind: 'skipped',
        level: 2,
        label: fileName(file.path),
        detail: reason,
        title: `${visibleText(file.path)}\n${reason}`,
      });
    }
  }

  /** Adds a row and tells whether its children are to follow. */
  #push(cells: Partial<TreeRow> & Pick<TreeRow, 'key' | 'kind' | 'level' | 'label'>): boolean {
    const isBranch = cells.isExpanded !== undefined && cells.isExpanded !== null;
    const isExpanded = isBranch && (this.#words.length > 0 || !this.#isCollapsed(cells.key));
    this.rows.push({
      detail: '',
      title: [cells.label, cells.detail].filter(Boolean).join('\n'),
      modality: '',
      count: '',
      warning: '',
      stack: null,
      ...cells,
      isExpanded: isBranch ? isExpanded : null,
    });
    return isExpanded;
  }

  #matching(stacks: readonly Stack[]): readonly Stack[] {
    this.total += stacks.length;
    const matching =
      this.#words.length === 0
        ? stacks
        : stacks.filter((stack) => this.#matches(searchText(stack)));
    this.shown += matching.length;
    return matching;
  }

  #matches(text: string): boolean {
    if (this.#words.length === 0) return true;
    const lowered = text.toLowerCase();
    return this.#words.every((word) => lowered.includes(word));
  }
}

function stackCells(stack: Stack) {
  const [first] = stack.entries;
  const path = first === undefined ? '' : visibleText(first.path);
  const more =
    stack.entries.length > 1 ? `\nand ${plural(stack.entries.length - 1, 'more file')}` : '';
  return {
    key: stack.key,
    label: stack.label,
    title: [stack.label, note(stack), path + more].filter(Boolean).join('\n'),
    modality: stack.modality,
    count: stack.has_pixels ? String(stack.frame_count) : '',
    warning: stack.has_pixels ? stack.warning : 'no image',
    stack,
  };
}

function note(stack: Stack): string {
  return visibleText(stack.entries.find((entry) => entry.note)?.note ?? '');
}

/** What the filter looks at: made when first needed, since a list can be long. */
const searchTexts = new WeakMap<Stack, string>();

function searchText(stack: Stack): string {
  const known = searchTexts.get(stack);
  if (known !== undefined) return known;
  const text = [...new Set(stack.entries.flatMap(searchedFields))].join('\n');
  searchTexts.set(stack, text);
  return text;
}

function searchedFields(entry: FileEntry): string[] {
  return [
    entry.patient_id,
    entry.patient_name,
    entry.study_date,
    formatStudyDate(entry.study_date),
    entry.study_description,
    entry.series_description,
    entry.modality,
    entry.note,
    entry.path,
  ];
}

function formatStudyDate(date: string): string {
  return date.replace(/^(\d{4})(\d{2})(\d{2})$/, '$1-$2-$3');
}
