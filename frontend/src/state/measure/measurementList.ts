import { frameKey, type FrameRef } from '../../dicom/frameRef';
import { firstFrame, isOnFrame } from '../../dicom/roi';
import { SHAPE_KINDS } from '../../dicom/shapes';
import type { RoiEntry } from '../rois/fileRois.svelte';
import type { Session } from '../session';
import { resultLines, type MeasurementResult } from './measurementResult';
import type { Measured } from './measurementText';

/** One line of the list of measurements. */
export interface MeasurementRow {
  entry: RoiEntry;
  /** The frame it belongs to, or the first of them. */
  ref: FrameRef;
  /** On the frame on screen, or else when it was last seen. */
  result: MeasurementResult | null;
  name: string;
  /** The first of what it says. */
  figure: string;
  /** Where its frame stands in the stack, from 1. */
  frame_number: number;
  /** On how many frames it was measured so far. */
  measuredCount: number;
  isSelected: boolean;
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

/** The ROIs of the stack that is looked at, in the order of its frames. */
export function measurementRows({ viewer, pane, rois, results }: Session): MeasurementRow[] {
  const { stack } = viewer;
  if (stack === null) return [];
  const onScreen = new Map(pane.editor.items.map(({ key, result }) => [key, result]));
  const rows = [...new Set(stack.row.files)].flatMap((file) =>
    rois.of(file).flatMap((entry): MeasurementRow[] => {
      const { key, roi } = entry;
      const ref = { file, frame_index: firstFrame(roi) };
      const place = stack.placeOf(ref) ?? null;
      if (place === null) return [];
      const known = results.all(roi.shape);
      const own = known.find((one) => frameKey(one.ref) === frameKey(ref)) ?? known[0];
      const result = onScreen.get(key) ?? own?.result ?? null;
      return [
        {
          entry,
          ref,
          result,
          name: SHAPE_KINDS[roi.shape.kind].name,
          figure: (result === null ? undefined : resultLines(roi.shape, result)[0]) ?? '',
          frame_number: place.position + 1,
          measuredCount: known.length,
          isSelected: rois.selection.has(key),
        },
      ];
    }),
  );
  return rows.sort((one, other) => one.frame_number - other.frame_number);
}
