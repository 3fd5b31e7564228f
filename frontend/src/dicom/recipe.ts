/**
 * How stored values become grey levels, as plain numbers. The server answers
 * with the same shapes, so they keep its spelling.
 */

export type VoiFunction = 'LINEAR' | 'LINEAR_EXACT' | 'SIGMOID';

/** Modality value = stored value x slope + intercept. */
export interface Rescale {
  kind: 'rescale';
  slope: number;
  intercept: number;
}

/** A Modality or VOI LUT; values before `first_mapped` take the first entry, beyond the end the last. */
export interface LookupTable {
  kind: 'lut';
  first_mapped: number;
  /** Significant bits of an entry. */
  bits: number;
  entries: readonly number[];
  explanation: string;
}

/** Window Center and Width in modality values, with the function that reads them. */
export interface VoiWindow {
  kind: 'window';
  center: number;
  width: number;
  function: VoiFunction;
  explanation: string;
}

export type Modality = Rescale | LookupTable;
export type Voi = VoiWindow | LookupTable;

/** Stored values from `low` to `high`, both included, are padding and no image. */
export interface Padding {
  low: number;
  high: number;
}

/** Everything between the stored values of a monochrome frame and its picture. */
export interface DisplayRecipe {
  photometric_interpretation: string;
  modality: Modality;
  /** Unit of the modality values, empty where the file does not say. */
  unit: string;
  /** The choices of the file; the first is the default. */
  voi: readonly Voi[];
  inverted: boolean;
  padding: Padding | null;
}
