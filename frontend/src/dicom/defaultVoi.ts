import { modalityFunction } from './modality';
import { percentileWindow, rangeWindow } from './percentiles';
import type { DisplayRecipe, Voi } from './recipe';
import { isMonochrome, type StoredFrame } from './storedFrame';
import { windowBetween } from './voi';

/** The file's own choice for a frame: its first window or LUT, else what its values suggest; null for colour. */
export function defaultVoi(stored: StoredFrame, recipe: DisplayRecipe): Voi | null {
  if (!isMonochrome(stored)) return null;
  return recipe.voi[0] ?? percentileVoi(stored, recipe);
}

/** Without the darkest and the brightest hundredth, whatever the file says; null for colour. */
export function percentileVoi(stored: StoredFrame, recipe: DisplayRecipe): Voi | null {
  if (!isMonochrome(stored)) return null;
  const { modality, padding } = recipe;
  return maskVoi(stored, recipe) ?? percentileWindow(stored.samples, modality, padding);
}

/** From the least to the greatest value of a frame, whatever the file says; null for colour. */
export function fullDynamicVoi(stored: StoredFrame, recipe: DisplayRecipe): Voi | null {
  if (!isMonochrome(stored)) return null;
  const { modality, padding } = recipe;
  return maskVoi(stored, recipe) ?? rangeWindow(stored.samples, modality, padding);
}

/** 0 is black and 1 is white, also where a mask is all 0 or nearly so. */
function maskVoi({ bits_stored }: StoredFrame, { modality }: DisplayRecipe): Voi | null {
  if (bits_stored !== 1) return null;
  const [zero = 0, one = 1] = [0, 1].map(modalityFunction(modality));
  return windowBetween(Math.min(zero, one), Math.max(zero, one));
}
