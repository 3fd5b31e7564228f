import type { RoiEntry } from './fileRois.svelte';

/** The scores that a slider goes through. */
export interface ScoreRange {
  low: number;
  high: number;
  step: number;
}

/** From 0 to 1 where all scores are shares, else from the least to the greatest; null without scores. */
export function scoreRange(entries: readonly RoiEntry[]): ScoreRange | null {
  let [low, high] = [Infinity, -Infinity];
  for (const { roi } of entries) {
    if (roi.score === null) continue;
    low = Math.min(low, roi.score);
    high = Math.max(high, roi.score);
  }
  if (low > high) return null;
  if (low >= 0 && high <= 1) return { low: 0, high: 1, step: 0.01 };
  return { low, high, step: high > low ? (high - low) / 200 : 1 };
}
