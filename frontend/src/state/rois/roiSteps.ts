import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { Session } from '../session';
import type { RoiEntry } from './fileRois.svelte';

/** Everything on the frame that is seen and may be changed; asked again, what may not as well. */
export function selectAll({ rois, viewer }: Session): void {
  if (viewer.seen === null) return;
  const all = rois.seenOn(viewer.seen.ref);
  const free = all.filter(({ roi }) => !rois.isLocked(roi));
  const isSelected = free.every(({ key }) => rois.selection.has(key));
  rois.select((isSelected ? all : free).map(({ key }) => key));
}

/**
 * Selects the ROI after or before the one that is selected, in the order of the frames; after the
 * last comes the first.
 */
export function stepRoi({ rois, viewer, pane }: Session, step: 1 | -1): void {
  const { frames, seen } = viewer;
  if (seen === null) return;
  const here = rois.seenOn(seen.ref);
  const at = here.findIndex(({ key }) => rois.selection.has(key));
  const last = here.findLastIndex(({ key }) => rois.selection.has(key));
  const beside = step === 1 ? here[last + 1] : at === -1 ? here.at(-1) : here[at - 1];
  if (beside !== undefined) {
    rois.select([beside.key]);
    return;
  }
  const place = frames.findIndex((ref) => frameKey(ref) === frameKey(seen.ref));
  for (let count = 1; count <= frames.length; count++) {
    const ref = frames[(place + step * count + count * frames.length) % frames.length];
    const next = ref && nextOn(rois.seenOn(ref), step);
    if (ref === undefined || next === undefined) continue;
    goTo(viewer, ref);
    rois.select([next.key]);
    pane.focus();
    return;
  }
}

function nextOn(entries: readonly RoiEntry[], step: 1 | -1): RoiEntry | undefined {
  return step === 1 ? entries[0] : entries.at(-1);
}

function goTo(viewer: Session['viewer'], ref: FrameRef): void {
  if (viewer.seen === null || frameKey(viewer.seen.ref) !== frameKey(ref)) viewer.goTo(ref);
}
