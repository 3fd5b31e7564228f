import { fileName, formatDate, visibleText } from '../../dicom/format';
import type { SeriesNode } from '../list/catalog';
import { COVERED } from '../view/identity';
import type { Pane } from './pane.svelte';
import type { Study } from '../list/study.svelte';
import type { Workspace } from './workspace.svelte';

/** What a tab without any image is called. */
const EMPTY = 'Empty';

interface Wanted {
  isIdentityHidden?: boolean;
}

/** Names a tab after the active pane, or after the first that shows something. */
export function tabText(
  { active, arranged }: Workspace,
  study: Pick<Study, 'series'>,
  { isIdentityHidden = false }: Wanted = {},
): string {
  const named = active.isEmpty ? arranged.find((pane) => !pane.isEmpty) : active;
  const node = named === undefined ? null : study.series(named.navigator.series ?? -1);
  if (named === undefined || node === null) return EMPTY;
  return isIdentityHidden ? coveredText(node) : seriesText(node, named);
}

/** Patient ID, Modality and Study Date where the file has them, else the name of the file. */
function seriesText({ row, study }: SeriesNode, { viewer }: Pane): string {
  const patient = visibleText(study?.patient.row.patient_id.trim() ?? '');
  const date = formatDate(study?.row.study_date ?? '');
  if (patient === '' && date === '') return fileName(viewer.file?.path ?? row.file_name);
  return [patient, visibleText(row.modality), date].filter(Boolean).join(' ');
}

/** What tells nothing of the patient. Names of files often do. */
function coveredText({ row }: SeriesNode): string {
  const texts = [visibleText(row.modality), visibleText(row.series_description)];
  return texts.filter(Boolean).join(' ') || COVERED;
}
