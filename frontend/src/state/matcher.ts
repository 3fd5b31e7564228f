import type { PatientRow, SeriesRow, StudyRow } from '../api/types.gen';
import { formatDate } from '../dicom/format';
import type { SeriesNode } from './catalog';

/** What the filter looks at, by row: made when first needed, since a list can be long. */
const searchTexts = new WeakMap<object, string>();

/** The words of a filter: all of them are wanted, anywhere in what is said of a series. */
export class Matcher {
  readonly #words: readonly string[];

  constructor(filter: string) {
    this.#words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  }

  /** Whether everything passes. */
  get isEmpty(): boolean {
    return this.#words.length === 0;
  }

  matches(node: SeriesNode): boolean {
    if (this.isEmpty) return true;
    const texts = textsOf(node);
    return this.#words.every((word) => texts.some((text) => text.includes(word)));
  }

  matchesText(text: string): boolean {
    if (this.isEmpty) return true;
    const lowered = text.toLowerCase();
    return this.#words.every((word) => lowered.includes(word));
  }
}

/** Gets series ready to be searched, one by one: thousands of them take long enough to do it in parts. */
export function* prepareSearch(series: Iterable<SeriesNode>): Generator<void> {
  for (const { row } of series) {
    seriesText(row);
    yield;
  }
}

function textsOf({ row, study }: SeriesNode): string[] {
  if (study === null) return [seriesText(row)];
  return [seriesText(row), studyText(study.row), patientText(study.patient.row)];
}

function seriesText(row: SeriesRow): string {
  return kept(row, () => [
    row.series_description,
    row.modality,
    row.note,
    `${row.folder}/${row.file_name}`,
  ]);
}

function studyText(row: StudyRow): string {
  return kept(row, () => [row.study_date, formatDate(row.study_date), row.study_description]);
}

function patientText(row: PatientRow): string {
  return kept(row, () => [row.patient_id, row.patient_name]);
}

function kept(row: object, fields: () => readonly string[]): string {
  const known = searchTexts.get(row);
  if (known !== undefined) return known;
  const text = fields().join('\n').toLowerCase();
  searchTexts.set(row, text);
  return text;
}
