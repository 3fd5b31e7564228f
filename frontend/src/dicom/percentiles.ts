import { DISPLAY_LUT_SIZE, isSigned } from './displayLut';
import { modalityFunction } from './modality';
import type { Modality, Padding, VoiWindow } from './recipe';
import { isTableSamples, type Samples, type TableSamples } from './storedFrame';
import { windowBetween } from './voi';

/** The darkest and the brightest hundredth are left out: enough to ignore a few burnt-in pixels. */
const LOW_FRACTION = 0.01;
const HIGH_FRACTION = 0.99;

/** Of more wide samples than the first, at least the second number is sorted, evenly spread. */
const MOST_SORTED_SAMPLES = 2_000_000;
const LEAST_SORTED_SAMPLES = 1_000_000;

/** Modality values in rising order. */
export interface Ranking {
  total: number;
  at(rank: number): number;
}

/** The window from the 1st to the 99th percentile of the modality values, padding left out. */
export function percentileWindow(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): VoiWindow {
  const ranking = isTableSamples(samples)
    ? rankTableSamples(samples, modality, padding)
    : rankWideSamples(samples, modality, padding);
  return {
    ...windowBetween(quantile(ranking, LOW_FRACTION), quantile(ranking, HIGH_FRACTION)),
    explanation: '1st to 99th percentile',
  };
}

/** The window from the least to the greatest modality value, padding left out. */
export function rangeWindow(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): VoiWindow {
  const { low, high } = isTableSamples(samples)
    ? tableEnds(rankTableSamples(samples, modality, padding))
    : wideEnds(samples, modality, padding);
  return { ...windowBetween(low, high), explanation: 'full dynamic range' };
}

function tableEnds(ranking: Ranking): { low: number; high: number } {
  return { low: ranking.at(0), high: ranking.at(ranking.total - 1) };
}

/** Ranks by counting; a frame that is padding alone is measured whole. */
function rankTableSamples(
  samples: TableSamples,
  modality: Modality,
  padding: Padding | null,
): Ranking {
  const histogram = new Uint32Array(DISPLAY_LUT_SIZE);
  for (const sample of samples) {
    const slot = sample & 0xffff;
    histogram[slot] = (histogram[slot] as number) + 1;
  }
  const toModality = modalityFunction(modality);
  const signed = isSigned(samples);
  const all: { value: number; count: number; isImage: boolean }[] = [];
  histogram.forEach((count, slot) => {
    if (count === 0) return;
    const stored = signed ? (slot << 16) >> 16 : slot;
    all.push({ value: toModality(stored), count, isImage: !isPadding(stored, padding) });
  });
  const image = all.filter((entry) => entry.isImage);
  const counts = (image.length > 0 ? image : all).sort(
    (first, second) => first.value - second.value,
  );
  return {
    total: counts.reduce((sum, { count }) => sum + count, 0),
    at(rank) {
      let seen = 0;
      for (const { value, count } of counts) {
        seen += count;
        if (rank < seen) return value;
      }
      return 0;
    },
  };
}

function rankWideSamples(samples: Samples, modality: Modality, padding: Padding | null): Ranking {
  let count = 0;
  eachImageValue(samples, modality, padding, () => (count += 1));
  const step = count > MOST_SORTED_SAMPLES ? Math.floor(count / LEAST_SORTED_SAMPLES) : 1;
  const values = new Float64Array(Math.ceil(count / step));
  let seen = 0;
  eachImageValue(samples, modality, padding, (value) => {
    if (seen % step === 0) values[seen / step] = value;
    seen += 1;
  });
  values.sort();
  return { total: values.length, at: (rank) => values[rank] ?? 0 };
}

function wideEnds(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): { low: number; high: number } {
  let low = Infinity;
  let high = -Infinity;
  eachImageValue(samples, modality, padding, (value) => {
    low = Math.min(low, value);
    high = Math.max(high, value);
  });
  return low > high ? { low: 0, high: 0 } : { low, high };
}

/** Finite modality values without padding; of a frame that is padding alone, all. */
function eachImageValue(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
  use: (value: number) => void,
): void {
  const toModality = modalityFunction(modality);
  let isEmpty = true;
  for (const stored of samples) {
    if (!Number.isFinite(stored) || isPadding(stored, padding)) continue;
    isEmpty = false;
    const value = toModality(stored);
    if (Number.isFinite(value)) use(value);
  }
  if (isEmpty && padding !== null) eachImageValue(samples, modality, null, use);
}

export function isPadding(stored: number, padding: Padding | null): boolean {
  return padding !== null && stored >= padding.low && stored <= padding.high;
}

/** Linear interpolation between the two nearest of the sorted values, as numpy's percentile. */
export function quantile(ranking: Ranking, fraction: number): number {
  if (ranking.total === 0) return 0;
  const position = (ranking.total - 1) * fraction;
  const low = ranking.at(Math.floor(position));
  const high = ranking.at(Math.ceil(position));
  const weight = position - Math.floor(position);
  // From the nearer end, as numpy does, so that both give the same double.
  return weight < 0.5 ? low + (high - low) * weight : high - (high - low) * (1 - weight);
}
