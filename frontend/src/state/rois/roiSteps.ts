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
  // Where the viewer is going: a quick hand does not wait for the picture.
  const { frames, position } = viewer;
  const current = frames[position];
  if (current === undefined) return;
  const here = rois.seenOn(current);
  const at = here.findIndex(({ key }) => rois.selection.has(key));
  const last = here.findLastIndex(({ key }) => rois.selection.has(key));
  const beside = step === 1 ? here[last + 1] : at === -1 ? here.at(-1) : here[at - 1];
  if (beside !== undefined) {
    rois.select([beside.key]);
    return;
  }
  for (let count = 1; count <= frames.length; count++) {
    const ref = frames[(position + step * count + count * frames.length) % frames.length];
    const next = ref && nextOn(rois.seenOn(ref), step);
    if (ref === undefined || next === undefined) continue;
    viewer.goTo(ref);
    rois.select([next.key]);
    pane.focus();
    return;
  }
}

function nextOn(entries: readonly RoiEntry[], step: 1 | -1): RoiEntry | undefined {
  return step === 1 ? entries[0] : entries.at(-1);
}
