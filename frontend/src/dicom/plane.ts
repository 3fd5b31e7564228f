/**
 * Planes of frames against each other, in mm of the patient coordinate system
 * (DICOM PS3.3 C.7.6.2.1.1). Image points have 0.0 at the corner of the first pixel.
 */
import { patientPoint, type FramePlane } from './patientPoint';
import type { ImagePoint } from './shapes';

/** A frame as the rectangle that it fills in its plane. */
export interface PlaneImage extends FramePlane {
  rows: number;
  columns: number;
}

/** A straight line between two image points. */
export interface Segment {
  from: ImagePoint;
  to: ImagePoint;
}

type Vector = readonly [number, number, number];

/** A value that grows evenly over an image: `x` for a column, `y` for a row, from `at0` at its corner. */
interface Ramp {
  x: number;
  y: number;
  at0: number;
}

/** The normal of a plane, of length 1; null where its directions make none. */
export function normalOf({ orientation }: Pick<FramePlane, 'orientation'>): Vector | null {
  const [right, down] = [vectorOf(orientation), vectorOf(orientation.slice(3))];
  const normal: Vector = [
    right[1] * down[2] - right[2] * down[1],
    right[2] * down[0] - right[0] * down[2],
    right[0] * down[1] - right[1] * down[0],
  ];
  const length = Math.hypot(...normal);
  if (!(length > 0.5)) return null;
  return [normal[0] / length, normal[1] / length, normal[2] / length];
}

/** The angle between two planes, from 0 to 90; NaN where one is none. */
export function angleBetween_deg(a: FramePlane, b: FramePlane): number {
  const [first, second] = [normalOf(a), normalOf(b)];
  if (first === null || second === null) return NaN;
  return (Math.acos(Math.min(1, Math.abs(dot(first, second)))) * 180) / Math.PI;
}

/** The patient point in the middle of an image. */
export function centerOf(image: PlaneImage): Vector | null {
  return patientPoint(image, { x: image.columns / 2, y: image.rows / 2 });
}

/** How far a patient point lies from a plane, along its normal. */
export function distanceFrom_mm(plane: FramePlane, point: Vector): number {
  const normal = normalOf(plane);
  if (normal === null) return NaN;
  return Math.abs(dot(normal, minus(point, vectorOf(plane.position))));
}

/** The image point straight above or below a patient point; null where the plane is none. */
export function imagePointOf(plane: FramePlane, point: Vector): ImagePoint | null {
  const from = minus(point, vectorOf(plane.position));
  const x = dot(from, vectorOf(plane.orientation)) / plane.column_spacing_mm + 0.5;
  const y = dot(from, vectorOf(plane.orientation.slice(3))) / plane.row_spacing_mm + 0.5;
  return Number.isFinite(x) && Number.isFinite(y) ? { x, y } : null;
}

/** Where another image cuts through this one, in image points of this one; null where it does not. */
export function crossing(image: PlaneImage, other: PlaneImage): Segment | null {
  const normal = normalOf(other);
  const corner = patientPoint(image, { x: 0, y: 0 });
  if (normal === null || corner === null) return null;
  const [right, down] = [vectorOf(image.orientation), vectorOf(image.orientation.slice(3))];
  const origin = vectorOf(other.position);
  const ramp = (axis: Vector, per: number, offset: number): Ramp => ({
    x: (dot(right, axis) * image.column_spacing_mm) / per,
    y: (dot(down, axis) * image.row_spacing_mm) / per,
    at0: dot(minus(corner, origin), axis) / per + offset,
  });
  const height = ramp(normal, 1, 0);
  const column = ramp(vectorOf(other.orientation), other.column_spacing_mm, 0.5);
  const row = ramp(vectorOf(other.orientation.slice(3)), other.row_spacing_mm, 0.5);
  return clipped(height, [
    { x: 1, y: 0, at0: 0 },
    { x: -1, y: 0, at0: image.columns },
    { x: 0, y: 1, at0: 0 },
    { x: 0, y: -1, at0: image.rows },
    column,
    { x: -column.x, y: -column.y, at0: other.columns - column.at0 },
    row,
    { x: -row.x, y: -row.y, at0: other.rows - row.at0 },
  ]);
}

/** The part of the line where `line` is 0 on which no bound is below 0. */
function clipped(line: Ramp, bounds: readonly Ramp[]): Segment | null {
  const steepness = line.x ** 2 + line.y ** 2;
  if (!(steepness > 0)) return null;
  const start = { x: (-line.at0 * line.x) / steepness, y: (-line.at0 * line.y) / steepness };
  const pointAt = (t: number): ImagePoint => ({ x: start.x - t * line.y, y: start.y + t * line.x });
  let [first, last] = [-Infinity, Infinity];
  for (const bound of bounds) {
    const slope = bound.y * line.x - bound.x * line.y;
    const value = bound.x * start.x + bound.y * start.y + bound.at0;
    if (slope > 0) first = Math.max(first, -value / slope);
    else if (slope < 0) last = Math.min(last, -value / slope);
    else if (!(value >= 0)) return null;
  }
  return first < last ? { from: pointAt(first), to: pointAt(last) } : null;
}

function vectorOf([x = NaN, y = NaN, z = NaN]: readonly number[]): Vector {
  return [x, y, z];
}

function minus(a: Vector, b: Vector): Vector {
  return [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}
