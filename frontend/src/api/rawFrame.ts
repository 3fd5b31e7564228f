import type { Samples, StoredFrame } from '../dicom/storedFrame';
import { ApiError } from './apiError';
import { undoPlanes16, undoPlanes8 } from './planes';

/** A raw frame with the id of its recipe. */
export interface RawFrame {
  stored: StoredFrame;
  recipeId: string;
  /** Size of the whole frame, and how many of its pixels lie along the side of one that came. */
  rows: number;
  columns: number;
  reduction: number;
}

type SampleKind = 'integer' | 'float' | 'double';

/** Reads the body of `/raw` by its `X-Frame-*` headers. */
export function readRawFrame(headers: Headers, body: ArrayBuffer): RawFrame {
  const rows = wholeNumber(headers, 'X-Frame-Rows');
  const columns = wholeNumber(headers, 'X-Frame-Columns');
  const samplesPerPixel = wholeNumber(headers, 'X-Frame-Samples-Per-Pixel');
  const bits = wholeNumber(headers, 'X-Frame-Bits-Allocated');
  const isSigned = headers.get('X-Frame-Pixel-Representation') === '1';
  const kind = (headers.get('X-Frame-Sample-Kind') ?? 'integer') as SampleKind;

  const expectedBytes = (rows * columns * samplesPerPixel * bits) / 8;
  if (body.byteLength !== expectedBytes) {
    throw new ApiError(
      `the frame has ${String(body.byteLength)} bytes instead of ${String(expectedBytes)}`,
      'bad_answer',
      200,
    );
  }
  return {
    recipeId: headers.get('X-Frame-Recipe') ?? '',
    rows: wholeNumber(headers, 'X-Frame-Full-Rows', rows),
    columns: wholeNumber(headers, 'X-Frame-Full-Columns', columns),
    reduction: Math.max(1, wholeNumber(headers, 'X-Frame-Reduction', 1)),
    stored: {
      samples: readSamples(
        headers.get('X-Frame-Encoding') === 'planes'
          ? undoPlanes(body, bits, samplesPerPixel)
          : body,
        bits,
        isSigned,
        kind,
      ),
      rows,
      columns,
      samples_per_pixel: samplesPerPixel,
      bits_stored: wholeNumber(headers, 'X-Frame-Bits-Stored', bits),
      photometric_interpretation: headers.get('X-Frame-Photometric-Interpretation') ?? '',
      truncated: headers.get('X-Frame-Truncated') === '1',
    },
  };
}

function undoPlanes(body: ArrayBuffer, bits: number, samplesPerPixel: number): ArrayBuffer {
  const bytes = new Uint8Array(body);
  if (bits === 8) return undoPlanes8(bytes, samplesPerPixel).buffer;
  if (bits === 16) return undoPlanes16(bytes, samplesPerPixel).buffer;
  throw new ApiError(`samples of ${String(bits)} bits have no planes`, 'bad_answer', 200);
}

/** Little-endian samples, as every machine that runs a browser has them. */
function readSamples(
  body: ArrayBuffer,
  bits: number,
  isSigned: boolean,
  kind: SampleKind,
): Samples {
  if (kind === 'double') return new Float64Array(body);
  if (kind === 'float') return new Float32Array(body);
  if (bits === 8) return isSigned ? new Int8Array(body) : new Uint8Array(body);
  if (bits === 16) return isSigned ? new Int16Array(body) : new Uint16Array(body);
  if (bits === 32) return isSigned ? new Int32Array(body) : new Uint32Array(body);
  throw new ApiError(`samples of ${String(bits)} bits are not known here`, 'bad_answer', 200);
}

function wholeNumber(headers: Headers, name: string, absent = NaN): number {
  const value = Number(headers.get(name) ?? absent);
  if (!Number.isInteger(value) || value < 0) {
    throw new ApiError(`the answer has no usable ${name}`, 'bad_answer', 200);
  }
  return value;
}
