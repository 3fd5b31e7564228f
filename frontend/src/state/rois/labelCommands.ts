import { CT_PRESETS } from '../../dicom/ctPresets';
import { LABEL_KEYS, type LabelCommand } from '../../interaction/keymap';
import type { Session } from '../session';
import type { RoiEntry } from './fileRois.svelte';
import { acceptSelected } from './roiCopies';

/** The label of a digit key for what is selected, or else for what is drawn next. */
function chooseLabel(session: Session, digit: number): void {
  const { labels } = session.rois;
  const preset = CT_PRESETS[digit - 1];
  const label = labels.ofKey(digit);
  if (label !== null) setLabel(session, label);
  // Who has no labels has never meant one.
  else if (labels.all.length === 0 && preset !== undefined) session.run(`preset-${preset.name}`);
}

/** Labels what is selected and free; with a drawing tool in hand what is drawn next too. */
export function setLabel(session: Session, label: string): void {
  labelEntries(session, session.pane.editor.free, label);
}

/** The same for some ROIs. */
export function labelEntries(
  { rois, toolbox }: Session,
  entries: readonly RoiEntry[],
  label: string,
): void {
  rois.labels.note(label);
  if (entries.length > 0) rois.edit(entries, { label });
  if (toolbox.shapeKind !== null) rois.labels.next = label;
}

/** Gives a layer another name, in all files; what is read-only keeps its name. */
export async function renameLayer(
  { rois, roiSync }: Session,
  from: string,
  to: string,
): Promise<void> {
  await roiSync.loadAll();
  const entries = rois.all.filter(({ roi }) => roi.group === from && !roi.locked);
  if (entries.length > 0) rois.edit(entries, { group: to });
  rois.layers.rename(from, to);
}

const LABELLING = Object.fromEntries(
  LABEL_KEYS.map((digit) => [
    `label-${String(digit)}`,
    (session: Session) => chooseLabel(session, digit),
  ]),
) as Readonly<Record<LabelCommand, (session: Session) => void>>;

/** Labels by key, and predictions that are taken over. */
export const LABEL_COMMANDS = {
  ...LABELLING,
  'no-label': (session: Session) => setLabel(session, ''),
  accept: acceptSelected,
};
