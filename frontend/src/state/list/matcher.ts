import type { PatientRow, ReportRow, SeriesRow, StudyRow } from '../../api/types.gen';
import { fileName, formatDate, personName } from '../../dicom/format';
import type { SeriesNode } from './catalog';
import { alternatives, isInDates, parseFilter, type Scope, type Term } from './filterTerms';
import { pathBelow } from '../view/seriesContent';

/** What the filter looks at, by row: made when first needed, since a list can be long. */
const searchTexts = new WeakMap<object, string>();

/** Whether the marks of triage of a series are what a word asks for. */
export type MarkTest = (row: SeriesRow, word: string) => boolean;

/** What a filter wants: all of its terms, the plain ones anywhere in what is said of a series. */
export class Matcher {
  readonly #terms: readonly Term[];
  readonly #isMarkedAs: MarkTest;

  constructor(filter: string, isMarkedAs: MarkTest = () => false) {
    this.#terms = parseFilter(filter);
    this.#isMarkedAs = isMarkedAs;
  }

  /** Whether everything passes. */
  get isEmpty(): boolean {
    return this.#terms.length === 0;
  }

  matches(node: SeriesNode): boolean {
    return this.#terms.every((term) => this.#meets(node, term) !== term.isNegated);
  }

  #meets(node: SeriesNode, { scope, text }: Term): boolean {
    if (scope === null) return textsOf(node).some((said) => said.includes(text));
    if (scope === 'triage') {
      return alternatives(text).some((word) => this.#isMarkedAs(node.row, word));
    }
    return SEARCHES[scope](node, text);
  }

  /** A path that is not listed has nothing but its name and its reason. */
  matchesPath(row: Pick<ReportRow, 'path' | 'reason'>): boolean {
    return this.#terms.every((term) => pathMeets(row, term) !== term.isNegated);
  }
}

/** Gets series ready to be searched, one by one: thousands of them take long enough to do it in parts. */
export function* prepareSearch(series: Iterable<SeriesNode>): Generator<void> {
  for (const { row } of series) {
    seriesText(row);
    yield;
  }
}

const SEARCHES: Record<Exclude<Scope, 'triage'>, (node: SeriesNode, text: string) => boolean> = {
  modality: ({ row }, text) => alternatives(text).some((name) => isModality(row, name)),
  description: ({ row }, text) => has(row.series_description, text),
  patient: ({ study }, text) => study !== null && patientText(study.patient.row).includes(text),
  'patient-id': ({ study }, text) => study !== null && has(study.patient.row.patient_id, text),
  study: ({ study }, text) =>
    study !== null &&
    (studyText(study.row).includes(text) || study.row.study_instance_uid === text),
  date: ({ study }, text) => study !== null && isInDates(study.row.study_date, text),
  series: ({ row }, text) => row.series_number.trim() === text || row.series_instance_uid === text,
  path: ({ row }, text) => has(pathBelow(row.folder, row.file_name), text),
  file: ({ row }, text) => has(fileName(row.file_name), text),
  note: ({ row }, text) => has(noteText(row), text),
};

function pathMeets({ path, reason }: Pick<ReportRow, 'path' | 'reason'>, term: Term): boolean {
  const { scope, text } = term;
  if (scope === null) return has(`${path}\n${reason}`, text);
  if (scope === 'path') return has(path, text);
  if (scope === 'file') return has(fileName(path), text);
  return scope === 'note' && has(reason, text);
}

/** Codes have two letters and more: one letter is the beginning of one that is still being typed. */
function isModality({ modality }: SeriesRow, name: string): boolean {
  const code = modality.trim().toLowerCase();
  return name.length === 1 ? code.startsWith(name) : code === name;
}

function noteText({ note, warnings, damaged }: SeriesRow): string {
  return [note, ...warnings, damaged > 0 ? 'damaged' : ''].join('\n');
}

function has(said: string, text: string): boolean {
  return said.toLowerCase().includes(text);
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
    pathBelow(row.folder, row.file_name),
  ]);
}

function studyText(row: StudyRow): string {
  return kept(row, () => [row.study_date, formatDate(row.study_date), row.study_description]);
}

/** The name as it is stored and as it is read: `DOE^JANE` and `DOE, JANE`. */
function patientText(row: PatientRow): string {
  return kept(row, () => [row.patient_id, row.patient_name, personName(row.patient_name)]);
}

function kept(row: object, fields: () => readonly string[]): string {
  const known = searchTexts.get(row);
  if (known !== undefined) return known;
  const text = fields().join('\n').toLowerCase();
  searchTexts.set(row, text);
  return text;
}
