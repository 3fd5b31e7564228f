import type { PatientRow, SeriesList, SeriesRow, StudyRow } from '../../api/types.gen';
import { formatDate, personName, plural, visibleText } from '../../dicom/format';

/** Patient > study > series, each level in the order of a clinical list. Nodes stay, what they say changes. */

export interface PatientNode {
  readonly kind: 'patient';
  readonly key: string;
  readonly level: 1;
  row: PatientRow;
  label: string;
  detail: string;
  readonly studies: StudyNode[];
}

export interface StudyNode {
  readonly kind: 'study';
  readonly key: string;
  readonly level: 2;
  readonly patient: PatientNode;
  row: StudyRow;
  label: string;
  date: string;
  readonly series: SeriesNode[];
}

export interface SeriesNode {
  readonly kind: 'series';
  readonly key: string;
  readonly level: number;
  /** null for an object that belongs to no study. */
  readonly study: StudyNode | null;
  row: SeriesRow;
  label: string;
  number: number;
  /** Its stacks, as far as somebody has opened it and where they are several. */
  parts: readonly PartNode[];
}

/** One stack of a series that has several. */
export interface PartNode {
  readonly kind: 'part';
  readonly key: string;
  readonly level: number;
  readonly series: SeriesNode;
  readonly stackKey: string;
  readonly label: string;
  /** Without the name of its file. */
  readonly coveredLabel: string;
  readonly count: string;
  readonly files: readonly number[];
  readonly has_pixels: boolean;
  readonly warnings: readonly string[];
}

/** All patients, studies and series that are known so far. */
export class Catalog {
  readonly patients: PatientNode[] = [];
  /** Objects that belong to no study and are no images, a DICOMDIR for instance. */
  readonly unattached: SeriesNode[] = [];
  readonly #patients = new Map<number, PatientNode>();
  readonly #studies = new Map<number, StudyNode>();
  readonly #series = new Map<number, SeriesNode>();

  get size(): number {
    return this.#series.size;
  }

  series(index: number): SeriesNode | undefined {
    return this.#series.get(index);
  }

  /** All series as they stand in the list. */
  *inOrder(): Generator<SeriesNode> {
    yield* this.inStudies();
    yield* this.unattached;
  }

  *inStudies(): Generator<SeriesNode> {
    for (const { studies } of this.patients) {
      for (const { series } of studies) yield* series;
    }
  }

  /**
   * Takes in what is new or has changed, row by row, so that a long list can be
   * taken in in parts; a row replaces the one of the same index. It is in order
   * when all is taken in.
   */
  *take(list: Pick<SeriesList, 'patients' | 'studies' | 'series'>): Generator<void> {
    // Only what changed is sorted again, and a list that is nearly in order sorts quickly.
    const unsorted = { studies: new Set<StudyNode>(), patients: new Set<PatientNode>() };
    for (const row of list.patients) {
      this.#takePatient(row);
      yield;
    }
    for (const row of list.studies) {
      const study = this.#takeStudy(row);
      if (study !== null) unsorted.patients.add(study.patient);
      yield;
    }
    let hasUnattached = false;
    for (const row of list.series) {
      const { study } = this.#takeSeries(row);
      if (study === null) hasUnattached = true;
      else unsorted.studies.add(study);
      yield;
    }
    for (const { series } of unsorted.studies) series.sort(bySeriesNumber);
    for (const { studies } of unsorted.patients) studies.sort(byDate);
    if (list.patients.length > 0) this.patients.sort(byLabel);
    if (hasUnattached) this.unattached.sort(byLabel);
  }

  #takePatient(row: PatientRow): void {
    const name = personName(row.patient_name);
    const cells = {
      row,
      label: name || visibleText(row.patient_id) || 'No patient name',
      detail: name && row.patient_id !== row.patient_name ? visibleText(row.patient_id) : '',
    };
    const known = this.#patients.get(row.index);
    if (known !== undefined) {
      Object.assign(known, cells);
      return;
    }
    const key = `patient/${String(row.index)}`;
    const node: PatientNode = { kind: 'patient', key, level: 1, studies: [], ...cells };
    this.#patients.set(row.index, node);
    this.patients.push(node);
  }

  #takeStudy(row: StudyRow): StudyNode | null {
    const words = [formatDate(row.study_date), visibleText(row.study_description)];
    const cells = {
      row,
      date: row.study_date,
      label: words.filter(Boolean).join('  ') || 'Study without date',
    };
    const known = this.#studies.get(row.index);
    if (known !== undefined) return Object.assign(known, cells);
    const patient = this.#patients.get(row.patient);
    if (patient === undefined) return null;
    const key = `study/${String(row.index)}`;
    const node: StudyNode = { kind: 'study', key, level: 2, patient, series: [], ...cells };
    this.#studies.set(row.index, node);
    patient.studies.push(node);
    return node;
  }

  #takeSeries(row: SeriesRow): SeriesNode {
    const cells = { row, label: seriesLabel(row), number: numberOrLast(row.series_number) };
    const known = this.#series.get(row.index);
    if (known !== undefined) return Object.assign(known, cells);
    const study = row.study === null ? null : (this.#studies.get(row.study) ?? null);
    const key = `series/${String(row.index)}`;
    const level = study === null ? 2 : 3;
    const node: SeriesNode = { kind: 'series', key, level, study, parts: [], ...cells };
    this.#series.set(row.index, node);
    (study?.series ?? this.unattached).push(node);
    return node;
  }
}

/** The description, else what tells the series from its neighbours. */
function seriesLabel(row: SeriesRow): string {
  const description = visibleText(row.series_description);
  const name = visibleText(row.file_name);
  if (row.study === null) return name;
  if (description) return description;
  if (row.file_count > 1) {
    const number = visibleText(row.series_number);
    return number ? `Series ${number}` : plural(row.file_count, 'file');
  }
  return row.image_count > 0 ? name : visibleText(row.note) || name;
}

function bySeriesNumber(first: SeriesNode, second: SeriesNode): number {
  return first.number - second.number || byLabel(first, second);
}

function byDate(first: StudyNode, second: StudyNode): number {
  return compare(first.date, second.date) || byLabel(first, second);
}

function byLabel(first: { label: string }, second: { label: string }): number {
  return compare(first.label, second.label);
}

function compare(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}

/** Series that do not say their number come last. */
function numberOrLast(text: string): number {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? Number.MAX_SAFE_INTEGER : value;
}
