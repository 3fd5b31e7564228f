/**
 * How long a step of one column or one row is, for one shape in one frame.
 * Millimetres are those of the patient only where the file says so: a pixel of a
 * radiograph has a size at the detector, where the patient is magnified
 * (DICOM PS3.3 10.7), and each part of an ultrasound image has its own
 * (DICOM PS3.3 C.8.5.5).
 */
import type { Scale } from './shapeEdits';
import { boundsOf, type ImagePoint } from './shapes';

/** The distance between rows and columns that a file gives. */
export interface PhysicalSpacing {
  row_mm: number;
  column_mm: number;
  plane: 'patient' | 'detector' | 'unknown';
  element: string;
  note: string;
}

/** A part of an ultrasound image; right and bottom lie outside. */
interface CalibratedRegion {
  left: number;
  top: number;
  right: number;
  bottom: number;
  /** mm for a step; null where the axis is no distance. */
  x_mm: number | null;
  y_mm: number | null;
}

/** What a file says about distances in a frame. */
export interface SpacingFacts {
  spacing: PhysicalSpacing | null;
  regions: readonly CalibratedRegion[];
  pixel_aspect: { vertical: number; horizontal: number };
}

/** What lengths in a frame are made of. */
export interface Ruler {
  unit: 'mm' | 'px';
  /** Length of a step of one column (x) and of one row (y), in the unit. */
  scale: Scale;
  /** Where a length is measured; empty in the patient. */
  place: 'at the detector' | '';
  /** Why it is so, for whoever asks. */
  reason: string;
}

/** The ruler for a shape with these points. */
export function rulerFor(facts: SpacingFacts, points: readonly ImagePoint[]): Ruler {
  if (facts.regions.length > 0) return ultrasoundRuler(facts, points);
  const { spacing } = facts;
  if (spacing === null) return pixelRuler(facts, 'The file gives no distance between pixels.');
  const source = [spacing.element, spacing.note].filter(Boolean).join(': ');
  const scale = { x: spacing.column_mm, y: spacing.row_mm };
  if (!isScale(scale)) return pixelRuler(facts, `${source} cannot be used.`);
  switch (spacing.plane) {
    case 'patient':
      return { unit: 'mm', scale, place: '', reason: source };
    case 'detector':
      return {
        unit: 'mm',
        scale,
        place: 'at the detector',
        reason: `${source}. The patient lies before the detector and is seen magnified.`,
      };
    case 'unknown':
      return pixelRuler(facts, `${source}. Whether this is a distance in the patient is not said.`);
  }
}

function ultrasoundRuler(facts: SpacingFacts, points: readonly ImagePoint[]): Ruler {
  const box = boundsOf(points);
  const region = facts.regions.find(
    ({ left, top, right, bottom }) =>
      left <= box.left && top <= box.top && box.right <= right && box.bottom <= bottom,
  );
  if (region === undefined) {
    return pixelRuler(facts, 'It does not lie within one calibrated region of the image.');
  }
  const { x_mm, y_mm } = region;
  const scale = { x: x_mm ?? NaN, y: y_mm ?? NaN };
  if (!isScale(scale)) return pixelRuler(facts, 'The region it lies in shows no distances.');
  return { unit: 'mm', scale, place: '', reason: 'SequenceOfUltrasoundRegions' };
}

function pixelRuler({ pixel_aspect }: SpacingFacts, reason: string): Ruler {
  const aspect = pixel_aspect.vertical / pixel_aspect.horizontal;
  const isEven = !(Number.isFinite(aspect) && aspect > 0) || aspect === 1;
  return {
    unit: 'px',
    scale: { x: 1, y: isEven ? 1 : aspect },
    place: '',
    reason: isEven ? reason : `${reason} Pixels are not square: lengths are in widths of a pixel.`,
  };
}

function isScale({ x, y }: Scale): boolean {
  return Number.isFinite(x) && Number.isFinite(y) && x > 0 && y > 0;
}

/** `34.2 mm`, `9.61 mm at the detector`, `128 px`. */
export function lengthText(length: number, { unit, place }: Ruler): string {
  return [`${shortNumber(length)} ${unit}`, place].filter(Boolean).join(' ');
}

/** `412 mm²`, `412 mm² at the detector`, `1024 px²`. */
export function areaText(area: number, { unit, place }: Ruler): string {
  return [`${shortNumber(area)} ${unit}²`, place].filter(Boolean).join(' ');
}

/** `37.4°` */
export function angleText(degrees: number): string {
  return `${degrees.toFixed(1)}°`;
}

/** About three digits: more would claim what no hand can point at. */
function shortNumber(value: number): string {
  if (Number.isInteger(value)) return String(value);
  return value.toFixed(value < 10 ? 2 : value < 1000 ? 1 : 0);
}
