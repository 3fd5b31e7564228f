import { frameKey } from '../../dicom/frameRef';
import { SHAPE_KINDS } from '../../dicom/shapes';
import { resultLines, type MeasurementResult } from './measurementResult';
import type { Measurement } from './measurements.svelte';
import type { Measured } from './measurementText';
import type { Session } from '../session';

/** One line of the list of measurements. */
export interface MeasurementRow {
  measurement: Measurement;
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

/** All measurements with their results, each on every frame on which it was seen. */
export function allMeasured({ measurements, results }: Session): Measured[] {
  return measurements.all.flatMap((measurement): Measured[] => {
    const { shape, ref, path } = measurement;
    const placed = results.all(shape).map((known) => ({ measurement, ...known }));
    // A shape that was for all frames once, may have been seen elsewhere.
    const own = measurement.isOnStack
      ? placed
      : placed.filter((one) => frameKey(one.ref) === frameKey(ref));
    return own.length > 0 ? own : [{ measurement, ref, path, result: null }];
  });
}

/** The measurements of the stack that is looked at, in the order of its frames. */
export function measurementRows({
  viewer,
  pane,
  measurements,
  results,
}: Session): MeasurementRow[] {
  const onScreen = new Map(pane.editor.items.map(({ id, result }) => [id, result]));
  const rows = measurements.all.flatMap((measurement): MeasurementRow[] => {
    const { shape, ref, id } = measurement;
    const place = viewer.stack?.placeOf(ref) ?? null;
    if (place === null) return [];
    const known = results.all(shape);
    const own = known.find((one) => frameKey(one.ref) === frameKey(ref)) ?? known[0];
    const result = onScreen.get(id) ?? own?.result ?? null;
    return [
      {
        measurement,
        result,
        name: SHAPE_KINDS[shape.kind].name,
        figure: (result === null ? undefined : resultLines(shape, result)[0]) ?? '',
        frame_number: place.position + 1,
        measuredCount: known.length,
        isSelected: id === measurements.selectedId,
      },
    ];
  });
  return rows.sort((one, other) => one.frame_number - other.frame_number);
}
