/** Values with how often they occur: what percentiles, histograms and figures of regions are made of. */
import { DISPLAY_LUT_SIZE } from './displayLut';
import type { Padding } from './recipe';
import type { TableSamples } from './storedFrame';

/** A modality value, and how many pixels have it. */
export interface Counted {
  value: number;
  count: number;
}

/** Modality values in rising order. */
export interface Ranking {
  total: number;
  at(rank: number): number;
}

export function isPadding(stored: number, padding: Padding | null): boolean {
  return padding !== null && stored >= padding.low && stored <= padding.high;
}

/** A counter for each pattern of 16 bits; a stored value counts at `value & 0xffff`. */
export function patternCounters(): Uint32Array {
  return new Uint32Array(DISPLAY_LUT_SIZE);
}

/** How often each pattern occurs among samples. */
export function countPatterns(samples: TableSamples): Uint32Array {
  const patterns = patternCounters();
  for (const sample of samples) {
    const slot = sample & 0xffff;
    patterns[slot] = (patterns[slot] as number) + 1;
  }
  return patterns;
}

/** What counted patterns mean, in rising order, without padding and what is no number. */
export function countedValues(
  patterns: Uint32Array,
  isSigned: boolean,
  toModality: (stored: number) => number,
  padding: Padding | null,
): Counted[] {
  const counted: Counted[] = [];
  let isRising = true;
  for (let step = 0; step < patterns.length; step++) {
    // Signed values begin in the middle of the table.
    const slot = isSigned ? step ^ 0x8000 : step;
    const count = patterns[slot] as number;
    if (count === 0) continue;
    const stored = isSigned ? (slot << 16) >> 16 : slot;
    if (isPadding(stored, padding)) continue;
    const value = toModality(stored);
    if (!Number.isFinite(value)) continue;
    isRising &&= value >= (counted[counted.length - 1]?.value ?? -Infinity);
    counted.push({ value, count });
  }
  // A falling table or a negative slope turns them round.
  return isRising ? counted : counted.sort((one, other) => one.value - other.value);
}

/** The ranking of values that are counted in rising order; 0 beyond its end. */
export function rankingOf(counted: readonly Counted[]): Ranking {
  return {
    total: counted.reduce((sum, { count }) => sum + count, 0),
    at(rank) {
      let seen = 0;
      for (const { value, count } of counted) {
        seen += count;
        if (rank < seen) return value;
      }
      return 0;
    },
  };
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
