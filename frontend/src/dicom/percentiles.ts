import { isSigned } from './displayLut';
import { modalityFunction } from './modality';
import type { Modality, Padding, VoiWindow } from './recipe';
import { isTableSamples, type Samples, type TableSamples } from './storedFrame';
import {
  countedValues,
  countPatterns,
  isPadding,
  quantile,
  rankingOf,
  type Ranking,
} from './tally';
import { windowBetween } from './voi';

/** The darkest and the brightest hundredth are left out: enough to ignore a few burnt-in pixels. */
const LOW_FRACTION = 0.01;
const HIGH_FRACTION = 0.99;

/** Of more wide samples than the first, at least the second number is sorted, evenly spread. */
const MOST_SORTED_SAMPLES = 2_000_000;
const LEAST_SORTED_SAMPLES = 1_000_000;

/** The window from the 1st to the 99th percentile of the modality values, padding left out. */
export function percentileWindow(
  samples: Samples,
  modality: Modality,
  padding: Padding | null,
): VoiWindow {
  const ranking = isTableSamples(samples)
    ? rankTableSamples(samples, modality, padding)
    : rankWideSamples(samples, modality, padding);
  return { ...rankedWindow(ranking), explanation: '1st to 99th percentile' };
}

/** The window over ranked values, a hundredth left out at either end. */
export function rankedWindow(ranking: Ranking): VoiWindow {
  return windowBetween(quantile(ranking, LOW_FRACTION), quantile(ranking, HIGH_FRACTION));
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
  const patterns = countPatterns(samples);
  const toModality = modalityFunction(modality);
  const image = countedValues(patterns, isSigned(samples), toModality, padding);
  return rankingOf(
    image.length > 0 ? image : countedValues(patterns, isSigned(samples), toModality, null),
  );
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
