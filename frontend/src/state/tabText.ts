import { fileName, formatDate, visibleText } from '../dicom/format';
import type { Pane } from './pane.svelte';
import type { Study } from './study.svelte';
import type { Workspace } from './workspace.svelte';

/** What a tab without any image is called. */
const EMPTY = 'Empty';

/** Names a tab after the active pane, or after the first that shows something. */
export function tabText({ active, arranged }: Workspace, study: Pick<Study, 'series'>): string {
  const named = active.isEmpty ? arranged.find((pane) => !pane.isEmpty) : active;
  return named === undefined ? EMPTY : paneText(named, study);
}

/** Patient ID, Modality and Study Date where the file has them, else the name of the file. */
function paneText({ navigator, viewer }: Pane, study: Pick<Study, 'series'>): string {
  const node = study.series(navigator.series ?? -1);
  if (node === null) return EMPTY;
  const patient = visibleText(node.study?.patient.row.patient_id.trim() ?? '');
  const date = formatDate(node.study?.row.study_date ?? '');
  if (patient === '' && date === '') return fileName(viewer.file?.path ?? node.row.file_name);
  return [patient, visibleText(node.row.modality), date].filter(Boolean).join(' ');
}
