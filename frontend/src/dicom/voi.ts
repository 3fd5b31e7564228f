import { lookUp } from './modality';
import type { LookupTable, Voi, VoiFunction, VoiWindow } from './recipe';

type WindowFunction = (value: number, center: number, width: number, outputMax: number) => number;

const WINDOW_FUNCTIONS: Record<VoiFunction, WindowFunction> = {
  LINEAR: windowLinear,
  LINEAR_EXACT: windowLinearExact,
  SIGMOID: windowSigmoid,
};

/** The function from modality values to display values 0..outputMax, not yet inverted. */
export function voiFunction(voi: Voi, outputMax = 255): (value: number) => number {
  if (voi.kind === 'lut') return (value) => displayEntry(voi, value, outputMax);
  const { center, width } = voi;
  const windowed = WINDOW_FUNCTIONS[voi.function];
  return (value) => windowed(value, center, width, outputMax);
}

/** DICOM PS3.3 C.11.2.1.2.1: a width of w covers w whole values, so the ramp is w - 1 long. */
function windowLinear(value: number, center: number, width: number, outputMax: number): number {
  return ramp(value, center - 0.5, width - 1, outputMax);
}

/** DICOM PS3.3 C.11.2.1.3.2. */
function windowLinearExact(
  value: number,
  center: number,
  width: number,
  outputMax: number,
): number {
  return ramp(value, center, width, outputMax);
}

/** DICOM PS3.3 C.11.2.1.3.1. */
function windowSigmoid(value: number, center: number, width: number, outputMax: number): number {
  return roundHalfUp(outputMax / (1 + Math.exp((-4 * (value - center)) / width)));
}

function ramp(value: number, middle: number, length: number, outputMax: number): number {
  if (value <= middle - length / 2) return 0;
  if (value > middle + length / 2) return outputMax;
  // One division, and last: numpy computes in this order, so halves fall alike on both sides.
  return roundHalfUp(((value - middle) * outputMax) / length + outputMax / 2);
}

/** DICOM PS3.3 C.11.2.1.1, with the entries scaled to the display range. */
function displayEntry(lut: LookupTable, value: number, outputMax: number): number {
  return roundHalfUp((lookUp(lut, value) * outputMax) / (2 ** lut.bits - 1));
}

function roundHalfUp(value: number): number {
  return Math.floor(value + 0.5);
}

/**
 * A window that somebody asked for, read by the given function. LINEAR is
 * defined from a width of 1 upwards; real files with tiny slopes need less,
 * which LINEAR_EXACT allows.
 */
export function explicitWindow(center: number, width: number, read: VoiFunction): VoiWindow {
  const exact = read === 'LINEAR' && width < 1;
  return {
    kind: 'window',
    center,
    width,
    function: exact ? 'LINEAR_EXACT' : read,
    explanation: '',
  };
}

/** The window from one modality value to another; equal values get a width of 1. */
export function windowBetween(low: number, high: number): VoiWindow {
  return explicitWindow((low + high) / 2, high > low ? high - low : 1, 'LINEAR_EXACT');
}
