import { modalityFunction } from '../../dicom/modality';
import { patientPoint, type FramePlane } from '../../dicom/patientPoint';
import { storedValuesAt } from '../../dicom/storedFrame';
import { voiFunction } from '../../dicom/voi';
import type { Voi } from '../../dicom/recipe';
import type { LoadedFrame } from '../../frames/frameStore';
import type { Point } from '../../interaction/camera';
import { realWorldText, suvText } from './explanationText';

/** What lies under the pointer. */
export interface Reading {
  column: number;
  row: number;
  /** One value a sample. */
  stored: readonly number[];
  /** null for colour. */
  modality: number | null;
  /** Grey level of the picture, before any inversion by the user; null for colour. */
  display: number | null;
  /** What the file says the stored value stands for, in words; empty where it says nothing. */
  realWorld: string;
  /** Standardised uptake value in words; empty where the file does not allow it. */
  suv: string;
  /** Middle of the pixel in mm of the patient coordinate system; null where it is not known. */
  patient_mm: readonly [number, number, number] | null;
}

/** The values of a frame at an image point; null beside it. */
export function readingAt(
  { stored, recipe }: LoadedFrame,
  voi: Voi | null,
  plane: FramePlane | null,
  point: Point,
): Reading | null {
  const [column, row] = [Math.floor(point.x), Math.floor(point.y)];
  const values = storedValuesAt(stored, column, row);
  if (values === null) return null;
  const place = { x: column + 0.5, y: row + 0.5 };
  const here = { column, row, stored: values, patient_mm: plane && patientPoint(plane, place) };
  const [first] = values;
  if (voi === null || first === undefined) {
    return { ...here, modality: null, display: null, realWorld: '', suv: '' };
  }
  const modality = modalityFunction(recipe.modality)(first);
  const grey = voiFunction(voi)(modality);
  return {
    ...here,
    modality,
    display: recipe.inverted ? 255 - grey : grey,
    realWorld: realWorldText(first, recipe.real_world),
    suv: suvText(modality, recipe.suv),
  };
}
