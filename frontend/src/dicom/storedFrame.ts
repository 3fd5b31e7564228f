export type IntegerSamples =
  Int8Array | Uint8Array | Int16Array | Uint16Array | Int32Array | Uint32Array;
export type FloatSamples = Float32Array | Float64Array;
export type Samples = IntegerSamples | FloatSamples;

/** Integers of at most 16 bits: one table of 65,536 entries covers them all. */
export type TableSamples = Int8Array | Uint8Array | Int16Array | Uint16Array;

/** One frame after decompression and before any rescale; colour is interleaved by pixel. */
export interface StoredFrame {
  samples: Samples;
  rows: number;
  columns: number;
  samples_per_pixel: number;
  bits_stored: number;
  photometric_interpretation: string;
  /** The data ended early; what is missing is zero. */
  truncated: boolean;
}

/** How the page makes a picture of a frame. */
export type PictureWay =
  /** Modality and VOI through one table. */
  | 'table'
  /** Modality and VOI pixel by pixel: 32-bit and floating-point samples. */
  | 'computed'
  /** Red, green and blue as they are. */
  | 'rgb'
  /** The server's display frame: palettes, YBR, deep colour and colour with a profile. */
  | 'server';

export function pictureWay(frame: StoredFrame, hasIccProfile = false): PictureWay {
  if (frame.samples_per_pixel === 1 && frame.photometric_interpretation !== 'PALETTE COLOR') {
    return isTableSamples(frame.samples) ? 'table' : 'computed';
  }
  // The browser knows what to do with a profile; the server sends it along.
  if (hasIccProfile) return 'server';
  const isRgb = frame.samples_per_pixel === 3 && frame.photometric_interpretation === 'RGB';
  return isRgb && frame.samples instanceof Uint8Array ? 'rgb' : 'server';
}

/** Whether windows apply: colour has none (DICOM PS3.3 C.11.2). */
export function isMonochrome(frame: StoredFrame): boolean {
  const way = pictureWay(frame);
  return way === 'table' || way === 'computed';
}

export function isTableSamples(samples: Samples): samples is TableSamples {
  return (
    samples instanceof Uint16Array ||
    samples instanceof Int16Array ||
    samples instanceof Uint8Array ||
    samples instanceof Int8Array
  );
}

/** Stored values of the pixel at a pixel_index (column, row from 0), one a sample; null outside. */
export function storedValuesAt(frame: StoredFrame, column: number, row: number): number[] | null {
  if (column < 0 || row < 0 || column >= frame.columns || row >= frame.rows) return null;
  const first = (row * frame.columns + column) * frame.samples_per_pixel;
  return Array.from(frame.samples.subarray(first, first + frame.samples_per_pixel));
}
