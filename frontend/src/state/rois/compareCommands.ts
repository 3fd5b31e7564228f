import type { FrameRef } from '../../dicom/frameRef';
import type { Session } from '../session';
import { compareLists, type Disagreement } from './comparison.svelte';

/** Where a frame comes: series by series, in the open one as its frames are gone through. */
function orderOf({ roiSync, navigator, viewer }: Session, ref: FrameRef): readonly number[] {
  const place = viewer.scroll.placeOf(ref);
  if (place !== null && navigator.series !== null) {
    return [navigator.series, 0, place.value, place.position];
  }
  const series = roiSync.overview.get(ref.file)?.series ?? Infinity;
  return [series, 1, ref.file, ref.frame_index];
}

/** All that the compared layers do not agree on, in the order in which it is gone through. */
export function disagreements(session: Session): readonly Disagreement[] {
  return session.comparison.disagreements((ref) => orderOf(session, ref));
}

/** Shows something that the layers do not agree on, in whichever series it is. */
export function goToDisagreement(session: Session, { ref, roiKeys }: Disagreement): void {
  const { viewer, rois, roiSync, navigator } = session;
  rois.isShown = true;
  rois.select(roiKeys);
  if (viewer.scroll.placeOf(ref) !== null) {
    viewer.goTo(ref);
    return;
  }
  const series = roiSync.overview.get(ref.file)?.series ?? navigator.series;
  if (series !== null) session.show(series, { frame: ref });
}

/** Which of them is selected, from 0; -1 for none. */
export function placeOfSelected({ rois }: Session, all: readonly Disagreement[]): number {
  return all.findIndex(
    ({ roiKeys }) =>
      roiKeys.length === rois.selection.size && roiKeys.every((key) => rois.selection.has(key)),
  );
}

/** Goes to the next disagreement after what is selected or else seen; after the last one comes the first. */
function step(session: Session, distance: 1 | -1): void {
  const { comparison, layout, roiFilter, viewer } = session;
  if (!comparison.isOn) {
    roiFilter.view = 'compare';
    layout.panel = 'measurements';
    return;
  }
  const all = disagreements(session);
  const selected = placeOfSelected(session, all);
  const here = viewer.seen === null ? [] : orderOf(session, viewer.seen.ref);
  const isAhead = ({ ref }: Disagreement) => compareLists(orderOf(session, ref), here) >= 0;
  const ahead = all.findIndex(isAhead);
  const beside = ahead < 0 ? all.length : ahead;
  const wanted = selected >= 0 ? selected + distance : distance > 0 ? beside : beside - 1;
  const next = all[(wanted + all.length) % all.length];
  if (next !== undefined) goToDisagreement(session, next);
}

/** Stepping through what predictions and truth do not agree on. */
export const COMPARE_COMMANDS = {
  'next-disagreement': (session: Session) => step(session, 1),
  'previous-disagreement': (session: Session) => step(session, -1),
};
