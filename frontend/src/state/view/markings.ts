/** What stands at the sides of an image: directions in the patient, and a scale. */
import type { Recipe } from '../../api/types.gen';
import { visibleText } from '../../dicom/format';
import { sidesOfLetters, sidesOfPlane, type Sides } from '../../dicom/orientation';
import { scaleBar, type ScaleBar } from '../../dicom/scaleBar';
import type { Camera, Orientation } from '../../interaction/camera';
import { sidesOnScreen } from '../../interaction/sides';
import type { Stack } from './seriesContent';

/** What the sides of the screen look to; null where the file does not say. */
export function screenSides(
  stack: Stack | null,
  { patient_orientation }: Pick<Recipe, 'patient_orientation'>,
  orientation: Orientation,
): Sides | null {
  const sides =
    sidesOfPlane(stack?.row.geometry?.orientation) ??
    sidesOfLetters(patient_orientation.map(visibleText));
  return sides && sidesOnScreen(sides, orientation);
}

/** A scale for the width of the screen; null where the size of a pixel is not known. */
export function screenScale(
  { spacing, regions }: Pick<Recipe, 'spacing' | 'regions'>,
  { zoom, pixelAspect, orientation, viewport }: Camera,
): (ScaleBar & { note: string }) | null {
  // Where an image has regions they alone say what a pixel measures, as for what is measured.
  const size = regions.length > 0 ? sizeInRegions(regions) : spacing && sizeOf(spacing);
  if (size === null) return null;
  // On its side an image has its rows along the width of the screen.
  const mmPerCssPx =
    orientation.rotation_deg % 180 === 0
      ? size.column_mm / zoom
      : size.row_mm / (zoom * pixelAspect);
  const bar = scaleBar(mmPerCssPx, Math.min(viewport.width / 4, 160));
  return bar && { ...bar, note: size.note };
}

interface PixelSize {
  row_mm: number;
  column_mm: number;
  /** What the millimetres are not. */
  note: string;
}

const PLANE_NOTES = {
  patient: '',
  detector: 'at the detector',
  unknown: 'in the patient or at the detector',
} as const;

function sizeOf({ row_mm, column_mm, plane }: NonNullable<Recipe['spacing']>): PixelSize {
  return { row_mm, column_mm, note: PLANE_NOTES[plane] };
}

/** The scale of an ultrasound image with one tomographic region; several may differ. */
function sizeInRegions(regions: Recipe['regions']): PixelSize | null {
  const [region, ...others] = regions.filter(({ kind }) => kind === '2d');
  if (region === undefined || others.length > 0) return null;
  const { x_mm, y_mm } = region;
  return x_mm === null || y_mm === null ? null : { row_mm: y_mm, column_mm: x_mm, note: '' };
}
