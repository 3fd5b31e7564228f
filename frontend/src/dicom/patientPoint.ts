import type { ImagePoint } from './shapes';

/** The plane of one frame in the patient coordinate system, in mm. */
export interface FramePlane {
  /** Middle of the first pixel: Image Position (Patient). */
  position: readonly number[];
  /** Direction of rows, then of columns: Image Orientation (Patient). */
  orientation: readonly number[];
  row_spacing_mm: number;
  column_spacing_mm: number;
}

/** Where an image point (0.0 at the corner of the first pixel) lies (DICOM PS3.3 C.7.6.2.1.1); null for none. */
export function patientPoint(
  { position, orientation, row_spacing_mm, column_spacing_mm }: FramePlane,
  point: ImagePoint,
): readonly [number, number, number] | null {
  const right = (point.x - 0.5) * column_spacing_mm;
  const down = (point.y - 0.5) * row_spacing_mm;
  const along = (axis: number) =>
    (position[axis] ?? NaN) +
    (orientation[axis] ?? NaN) * right +
    (orientation[axis + 3] ?? NaN) * down;
  const place = [along(0), along(1), along(2)] as const;
  return place.every(Number.isFinite) ? place : null;
}
