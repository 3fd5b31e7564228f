import type { FrameRef } from '../../dicom/frameRef';
import { newRoiId, type Roi } from '../../dicom/roi';
import type { Session } from '../session';
import type { RoiEntry } from './fileRois.svelte';

/** A copy with an id of its own, which anybody may edit. */
export function copyOf(roi: Roi, frames: Roi['frames']): Roi {
  // Results are kept by shape.
  const shape = { ...roi.shape };
  return { ...roi, shape, id: newRoiId(), frames, created: '', modified: '', locked: false };
}

/**
 * Puts copies on other frames of the stack that is looked at: one step in each file. Frames of
 * another size are left out. What was selected stays so. Gives how many copies were made.
 */
export function copyToFrames(
  { rois, viewer: { scroll } }: Session,
  entries: readonly RoiEntry[],
  refs: readonly FrameRef[],
): number {
  const { selection } = rois;
  const wanted = new Map<number, number[]>();
  for (const { file, frame_index } of refs) {
    wanted.set(file, [...(wanted.get(file) ?? []), frame_index]);
  }
  let count = 0;
  for (const [file, frameIndices] of wanted) {
    const to = scroll.fileOf(file);
    const scopes =
      to?.frame_count === 1 ? (['all'] as const) : frameIndices.map((index) => [index]);
    const copies = entries.flatMap(({ roi, file: from }) => {
      const own = scroll.fileOf(from);
      const isAlike = to !== null && to.rows === own?.rows && to.columns === own.columns;
      return isAlike ? scopes.map((frames) => copyOf(roi, frames)) : [];
    });
    if (copies.length > 0) rois.add(file, copies);
    count += copies.length;
  }
  rois.select(selection);
  return count;
}

/**
 * Copies what is selected and of another layer, read-only or not, into the layer that is drawn
 * into, and selects the copies. A score is what a model says: the copy is the word of a person.
 */
export function acceptSelected({ rois, pane }: Session): void {
  const group = rois.layers.target;
  const others = pane.editor.selected.filter(({ roi }) => roi.group !== group || roi.locked);
  const [first] = others;
  if (first === undefined) return;
  rois.add(
    first.file,
    others.map(({ roi }) => ({ ...copyOf(roi, roi.frames), group, score: null })),
  );
}
