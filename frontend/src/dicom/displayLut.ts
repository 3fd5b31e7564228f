import { modalityFunction } from './modality';
import type { Modality, Voi } from './recipe';
import type { FloatSamples, IntegerSamples, Samples } from './storedFrame';
import { voiFunction } from './voi';

/** Entries of a display table: every pattern of 16 bits. */
export const DISPLAY_LUT_SIZE = 65_536;

const DISPLAY_MAX = 255;

/** Everything between a stored value and its grey level. */
export interface DisplaySteps {
  modality: Modality;
  voi: Voi;
  inverted: boolean;
}

/**
 * One table for modality, VOI and inversion. Entry `value & 0xffff` is the
 * display value of a stored value, so 8-bit and signed samples use it alike.
 */
export function buildDisplayLut(
  steps: DisplaySteps,
  layout: { isSigned: boolean },
): Uint8Array<ArrayBuffer> {
  const display = displayFunction(steps);
  const table = new Uint8Array(DISPLAY_LUT_SIZE);
  const lowest = layout.isSigned ? -DISPLAY_LUT_SIZE / 2 : 0;
  for (let position = 0; position < DISPLAY_LUT_SIZE; position++) {
    const stored = lowest + position;
    table[stored & 0xffff] = display(stored);
  }
  return table;
}

/** Display values of samples that are too wide for a table: 32-bit integers and floating point. */
export function computeDisplay(
  samples: IntegerSamples | FloatSamples,
  steps: DisplaySteps,
): Uint8Array<ArrayBuffer> {
  const display = displayFunction(steps);
  const values = new Uint8Array(samples.length);
  for (let position = 0; position < samples.length; position++) {
    values[position] = display(samples[position] as number);
  }
  return values;
}

/** Whether the samples of an array carry a sign. */
export function isSigned(samples: Samples): boolean {
  return !(
    samples instanceof Uint8Array ||
    samples instanceof Uint16Array ||
    samples instanceof Uint32Array
  );
}

function displayFunction({ modality, voi, inverted }: DisplaySteps): (stored: number) => number {
  const toModality = modalityFunction(modality);
  const toDisplay = voiFunction(voi, DISPLAY_MAX);
  // NaN falls through every comparison and is written as 0.
  return inverted
    ? (stored) => DISPLAY_MAX - toDisplay(toModality(stored))
    : (stored) => toDisplay(toModality(stored));
}
