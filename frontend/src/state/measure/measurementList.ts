import { frameKey, type FrameRef } from '../../dicom/frameRef';
import { firstFrame, isOnFrame } from '../../dicom/roi';
import { SHAPE_KINDS } from '../../dicom/shapes';
import type { RoiEntry } from '../rois/fileRois.svelte';
import type { RoiItem } from '../rois/roiList';
import type { Session } from '../session';
import { resultLines, type MeasurementResult } from './measurementResult';
import type { Measured } from './measurementText';

/** What the list says of an ROI: made only for those in sight. */
export interface MeasurementRow {
  entry: RoiEntry;
  /** The frame it belongs to, or the first of them. */
  ref: FrameRef;
  /** On the frame on screen, or else when it was last seen. */
  result: MeasurementResult | null;
  name: string;
  /** The first of what it says. */
  figure: string;
  /** On how many frames it was measured so far. */
  measuredCount: number;
}

/** All ROIs with their results, each on every frame on which it was seen. */
export function allMeasured({ rois, results }: Session): Measured[] {
  return rois.all.flatMap((entry): Measured[] => {
    const { roi, file } = entry;
    const path = rois.pathOf(file);
    // Its frames may have been others before.
    const own = results.all(roi.shape).filter(({ ref }) => isOnFrame(roi, ref.frame_index));
    if (own.length > 0) return own.map((known) => ({ roi, ...known }));
    return [{ roi, ref: { file, frame_index: firstFrame(roi) }, path, result: null }];
  });
}

export function measurementRow({ pane, results }: Session, item: RoiItem): MeasurementRow {
  const { entry, ref } = item;
  const { shape } = entry.roi;
  const known = results.all(shape);
  const own = known.find((one) => frameKey(one.ref) === frameKey(ref)) ?? known[0];
  const onScreen = pane.editor.items.find(({ key }) => key === entry.key);
  const result = onScreen?.result ?? own?.result ?? null;
  return {
    entry,
    ref,
    result,
    name: SHAPE_KINDS[shape.kind].name,
    figure: (result === null ? undefined : resultLines(shape, result)[0]) ?? '',
    measuredCount: known.length,
  };
}
