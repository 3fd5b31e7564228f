import { isSigned } from './displayLut';
import { modalityFunction } from './modality';
import type { Modality, Padding } from './recipe';
import { isTableSamples, type Samples, type TableSamples } from './storedFrame';
import { countedValues, countPatterns, isPadding, type Counted } from './tally';

/** How often modality values occur, in bins of equal width from `low` to `high`. */
export interface Histogram {
  low: number;
  high: number;
  counts: Uint32Array;
  /** Pixels in all bins; padding and what is no number are left out. */
  total: number;
}

const MOST_BINS = 256;

/**
 * The histogram of the modality values of monochrome samples; null where there
 * is nothing to count. Bins of whole numbers hold equally many of them each, so
 * that no comb appears which is not in the image.
 */
export function histogramOf(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): Histogram | null {
  const values = isTableSamples(samples)
    ? tableValues(samples, modality, padding)
    : wideValues(samples, modality, padding);
  let [low, high] = [Infinity, -Infinity];
  for (const { value } of values()) {
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  if (low > high) return null;
  const bins = binsBetween(low, high, isInteger(samples) ? stepOf(modality) : null);
  const width = (bins.high - bins.low) / bins.count;
  const counts = new Uint32Array(bins.count);
  let total = 0;
  for (const { value, count } of values()) {
    const bin = Math.min(Math.floor((value - bins.low) / width), bins.count - 1);
    counts[bin] = (counts[bin] as number) + count;
    total += count;
  }
  return { low: bins.low, high: bins.high, counts, total };
}

/** Every pattern that occurs, once, with its number. */
function tableValues(
  samples: TableSamples,
  modality: Modality,
  padding: Padding | null,
): () => Iterable<Counted> {
  const toModality = modalityFunction(modality);
  const counted = countedValues(countPatterns(samples), isSigned(samples), toModality, padding);
  return () => counted;
}

/** Pixel by pixel, in one object that is used again. */
function wideValues(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): () => Iterable<Counted> {
  const toModality = modalityFunction(modality);
  return function* () {
    const counted = { value: 0, count: 1 };
    for (const stored of samples) {
      if (isPadding(stored, padding)) continue;
      counted.value = toModality(stored);
      if (Number.isFinite(counted.value)) yield counted;
    }
  };
}

/** Where values are `step` apart, each lies in the middle of its part of a bin. */
function binsBetween(
  low: number,
  high: number,
  step: number | null,
): { low: number; high: number; count: number } {
  if (step === null || high === low) {
    const margin = high > low ? 0 : (step ?? (Math.abs(low) || 1)) / 2;
    return { low: low - margin, high: high + margin, count: high > low ? MOST_BINS : 1 };
  }
  const valueCount = Math.round((high - low) / step) + 1;
  const perBin = Math.ceil(valueCount / MOST_BINS);
  const count = Math.ceil(valueCount / perBin);
  return { low: low - step / 2, high: low - step / 2 + count * perBin * step, count };
}

/** Distance of neighbouring modality values; null where a table has none. */
function stepOf(modality: Modality): number | null {
  if (modality.kind === 'lut') return 1;
  return modality.slope === 0 ? null : Math.abs(modality.slope);
}

function isInteger(samples: Samples): boolean {
  return !(samples instanceof Float32Array || samples instanceof Float64Array);
}
