import type { Voi, VoiFunction, VoiWindow } from './recipe';
import { explicitWindow } from './voi';

/** Modality values from black to white. */
export interface ValueRange {
  low: number;
  high: number;
}

/**
 * The values that a window or table tells apart. SIGMOID never ends; one width
 * to either side it has come within 2 percent.
 */
export function displayRange(voi: Voi): ValueRange {
  if (voi.kind === 'lut') {
    return { low: voi.first_mapped, high: voi.first_mapped + voi.entries.length - 1 };
  }
  const { center, width } = voi;
  switch (voi.function) {
    case 'LINEAR':
      // DICOM PS3.3 C.11.2.1.2.1: the ramp is w - 1 long and starts half a value early.
      return { low: center - width / 2, high: center + width / 2 - 1 };
    case 'LINEAR_EXACT':
      return { low: center - width / 2, high: center + width / 2 };
    case 'SIGMOID':
      return { low: center - width, high: center + width };
  }
}

/** The window of a function that has a given range. */
export function windowOver({ low, high }: ValueRange, read: VoiFunction): VoiWindow {
  const span = high - low;
  if (read === 'LINEAR') return explicitWindow(low + (span + 1) / 2, span + 1, read);
  const width = read === 'SIGMOID' ? span / 2 : span;
  return explicitWindow((low + high) / 2, width, read);
}

/** Round values in a range, at most one more than `most` of them, 1, 2 or 5 times a power of ten apart. */
export function roundTicks({ low, high }: ValueRange, most: number): number[] {
  const span = high - low;
  if (!Number.isFinite(span) || span <= 0) return [];
  const least = span / most;
  const power = 10 ** Math.floor(Math.log10(least));
  const step = ([1, 2, 5].find((digit) => digit * power >= least) ?? 10) * power;
  const first = Math.ceil(low / step);
  const last = Math.floor(high / step);
  // Powers of ten below 1 are no binary fractions.
  return Array.from({ length: Math.max(last - first + 1, 0) }, (_, index) =>
    Number(((first + index) * step).toPrecision(12)),
  );
}
