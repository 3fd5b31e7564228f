import { SHAPE_KINDS } from '../dicom/shapes';
import { resultLines } from './measurementResult';
import type { Measured } from './measurementText';
import type { Session } from './session';

/** One line of the list of measurements. */
export interface MeasurementRow extends Measured {
  name: string;
  /** The first of what it says. */
  figure: string;
  /** Where its frame stands in the stack, from 1. */
  frame_number: number;
  isSelected: boolean;
}

/** All measurements with their results: those on screen as they are, others as they were last seen. */
export function allMeasured({ measurements, pane, results }: Session): Measured[] {
  const onScreen = new Map(pane.editor.items.map(({ id, result }) => [id, result]));
  return measurements.all.map((measurement) => ({
    measurement,
    result: onScreen.get(measurement.id) ?? results.last(measurement.shape),
  }));
}

/** The measurements of the stack that is looked at, in the order of its frames. */
export function measurementRows(session: Session): MeasurementRow[] {
  const { viewer, measurements } = session;
  const rows = allMeasured(session).flatMap(({ measurement, result }): MeasurementRow[] => {
    const place = viewer.stack?.placeOf(measurement.ref) ?? null;
    if (place === null) return [];
    const { shape, id } = measurement;
    return [
      {
        measurement,
        result,
        name: SHAPE_KINDS[shape.kind].name,
        figure: (result === null ? undefined : resultLines(shape, result)[0]) ?? '',
        frame_number: place.position + 1,
        isSelected: id === measurements.selectedId,
      },
    ];
  });
  return rows.sort((one, other) => one.frame_number - other.frame_number);
}
