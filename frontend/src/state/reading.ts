import { modalityFunction } from '../dicom/modality';
import { storedValuesAt } from '../dicom/storedFrame';
import { voiFunction } from '../dicom/voi';
import type { Voi } from '../dicom/recipe';
import type { LoadedFrame } from '../frames/frameStore';
import type { Point } from '../interaction/camera';
import { realWorldText } from './explanationText';

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
}

/** The values of a frame at an image point; null beside it. */
export function readingAt(
  { stored, recipe }: LoadedFrame,
  voi: Voi | null,
  point: Point,
): Reading | null {
  const [column, row] = [Math.floor(point.x), Math.floor(point.y)];
  const values = storedValuesAt(stored, column, row);
  if (values === null) return null;
  const [first] = values;
  if (voi === null || first === undefined) {
    return { column, row, stored: values, modality: null, display: null, realWorld: '' };
  }
  const modality = modalityFunction(recipe.modality)(first);
  const grey = voiFunction(voi)(modality);
  return {
    column,
    row,
    stored: values,
    modality,
    display: recipe.inverted ? 255 - grey : grey,
    realWorld: realWorldText(first, recipe.real_world),
  };
}
