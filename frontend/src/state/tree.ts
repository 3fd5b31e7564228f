import type { FileEntry } from '../api/types.gen';
import { fileName, formatDate, personName, plural, visibleText } from '../dicom/format';
import type { FrameRef } from '../dicom/frameRef';

/** What is opened as one: frames that are stepped through, or one object without pixels. */
export interface Stack {
  key: string;
  label: string;
  modality: string;
  /** In reading order. */
  entries: readonly FileEntry[];
  has_pixels: boolean;
  frame_count: number;
  /** What a reader should know before trusting it, in words. */
  warning: string;
}

export interface SeriesNode {
  key: string;
  label: string;
  modality: string;
  stacks: readonly Stack[];
}

export interface StudyNode {
  key: string;
  label: string;
  date: string;
  series: readonly SeriesNode[];
}

export interface PatientNode {
  key: string;
  label: string;
  detail: string;
  studies: readonly StudyNode[];
}

export interface Tree {
  patients: readonly PatientNode[];
  /** DICOM objects that belong to no study and are no images, a DICOMDIR for instance. */
  unattached: readonly Stack[];
}

/** Patient > study > series > stack, each level in the order of a clinical list. */
export function buildTree(files: readonly FileEntry[]): Tree {
  const isAttached = (entry: FileEntry) => entry.has_pixels || entry.study_instance_uid !== '';
  const patients = groups(files.filter(isAttached), patientKey).map(([key, entries]) =>
    patientNode(key, entries),
  );
  return {
    patients: patients.sort(byLabel),
    unattached: files.filter((entry) => !isAttached(entry)).map(fileStack),
  };
}

/** All stacks of a tree in the order in which they are shown. */
export function stacksOf(tree: Tree): Stack[] {
  const attached = tree.patients.flatMap(({ studies }) =>
    studies.flatMap(({ series }) => series.flatMap(({ stacks }) => stacks)),
  );
  return [...attached, ...tree.unattached];
}

/** The frames of a stack, in order. */
export function framesOf(stack: Stack): FrameRef[] {
  return stack.entries.flatMap((entry) =>
    Array.from({ length: entry.has_pixels ? entry.frame_count : 0 }, (_, frame_index) => ({
      file: entry.index,
      frame_index,
    })),
  );
}

function patientNode(key: string, entries: readonly FileEntry[]): PatientNode {
  const [{ patient_name, patient_id } = NOBODY] = entries;
  const name = personName(patient_name);
  return {
    key,
    label: name || visibleText(patient_id) || 'No patient name',
    detail: name && patient_id !== patient_name ? visibleText(patient_id) : '',
    studies: groups(entries, studyKey)
      .map(([study, members]) => studyNode(`${key}/${study}`, members))
      .sort((first, second) => compare(first.date, second.date) || byLabel(first, second)),
  };
}

function studyNode(key: string, entries: readonly FileEntry[]): StudyNode {
  const date = entries.find((entry) => entry.study_date)?.study_date ?? '';
  const description = entries.find((entry) => entry.study_description)?.study_description ?? '';
  return {
    key,
    date,
    label:
      [formatDate(date), visibleText(description)].filter(Boolean).join('  ') ||
      'Study without date',
    series: groups(entries, seriesKey)
      .map(([series, members]) => ({
        number: seriesNumber(members),
        ...seriesNode(`${key}/${series}`, members),
      }))
      .sort((first, second) => first.number - second.number || byLabel(first, second)),
  };
}

function seriesNode(key: string, entries: readonly FileEntry[]): SeriesNode {
  const stacks = seriesStacks(key, entries);
  return {
    key,
    label: seriesLabel(entries),
    modality: visibleText(entries[0]?.modality ?? ''),
    stacks,
  };
}

/** Single frames of a series are one stack; a file with many frames, or without any, stands alone. */
function seriesStacks(key: string, entries: readonly FileEntry[]): Stack[] {
  const isSlice = (entry: FileEntry) => entry.has_pixels && entry.frame_count === 1;
  const slices = entries.filter(isSlice).sort(byInstanceNumber);
  const alone = entries.filter((entry) => !isSlice(entry)).sort(byInstanceNumber);
  const stacks = alone.map(fileStack);
  if (slices.length === 0) return stacks;
  return [
    { ...stackOf(slices), key: `${key}/slices`, label: plural(slices.length, 'image') },
    ...stacks,
  ];
}

function fileStack(entry: FileEntry): Stack {
  return { ...stackOf([entry]), key: `file/${String(entry.index)}`, label: fileName(entry.path) };
}

function stackOf(entries: readonly FileEntry[]): Omit<Stack, 'key' | 'label'> {
  const damaged = entries.filter((entry) => entry.status === 'partial').length;
  return {
    entries,
    modality: visibleText(entries[0]?.modality ?? ''),
    has_pixels: entries.some((entry) => entry.has_pixels),
    frame_count: entries.reduce(
      (sum, entry) => sum + (entry.has_pixels ? entry.frame_count : 0),
      0,
    ),
    warning: damaged === 0 ? '' : damaged === 1 ? 'damaged' : `${String(damaged)} damaged`,
  };
}

/** The description, else what tells the series from its neighbours. */
function seriesLabel(entries: readonly FileEntry[]): string {
  const description = entries.find((entry) => entry.series_description)?.series_description ?? '';
  if (description) return visibleText(description);
  const [first, second] = entries;
  if (first === undefined) return '';
  if (second !== undefined) {
    const number = visibleText(first.series_number);
    return number ? `Series ${number}` : plural(entries.length, 'file');
  }
  return first.has_pixels ? fileName(first.path) : visibleText(first.note) || fileName(first.path);
}

function seriesNumber(entries: readonly FileEntry[]): number {
  return numberOrLast(entries[0]?.series_number ?? '');
}

const NOBODY = { patient_name: '', patient_id: '' };

function patientKey(entry: FileEntry): string {
  return `${entry.patient_id}\n${entry.patient_name}`;
}

function studyKey(entry: FileEntry): string {
  return entry.study_instance_uid || `no-uid/${entry.study_date}/${entry.study_description}`;
}

/** Files that name no series are kept apart: nothing says that they belong together. */
function seriesKey(entry: FileEntry): string {
  return entry.series_instance_uid || `file/${String(entry.index)}`;
}

function groups<Item>(items: readonly Item[], keyOf: (item: Item) => string): [string, Item[]][] {
  const found = new Map<string, Item[]>();
  for (const item of items) {
    const key = keyOf(item);
    const members = found.get(key);
    if (members === undefined) found.set(key, [item]);
    else members.push(item);
  }
  return [...found];
}

function byInstanceNumber(first: FileEntry, second: FileEntry): number {
  const byNumber = numberOrLast(first.instance_number) - numberOrLast(second.instance_number);
  return byNumber || compare(first.path, second.path);
}

function byLabel(first: { label: string }, second: { label: string }): number {
  return compare(first.label, second.label);
}

/** Files that do not say their number come last. */
function numberOrLast(text: string): number {
  const value = Number.parseInt(text, 10);
  return Number.isNaN(value) ? Number.MAX_SAFE_INTEGER : value;
}

function compare(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
