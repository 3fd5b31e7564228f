/** Which ROIs of two layers mean the same thing, frame by frame. */
import type { OUTCOMES } from '../../dicom/outcomeColors';
import { isOnFrame, type Roi } from '../../dicom/roi';
import { overlap, type OverlapOf } from '../../dicom/shapeOverlap';
import { isRegion } from '../../dicom/shapes';

/** What became of an ROI of the truth or of the predictions. */
export type Outcome = keyof typeof OUTCOMES;

export interface MatchOptions {
  /** The least overlap of what means the same, above 0. */
  threshold: number;
  of: OverlapOf;
  /** Whether a match needs the same label; what only lacks that differs. */
  isByLabel: boolean;
  /** Predictions with a score below it are none. */
  leastScore: number;
}

/** One thing that either or both have found. */
export interface Match {
  truth: Roi | null;
  prediction: Roi | null;
  outcome: Outcome;
  overlap: number;
}

/** Two ROIs on one frame that have something in common. */
interface Pair {
  truth: Roi;
  prediction: Roi;
  overlap: number;
}

/**
 * Pairs the two that overlap most, then those of the rest that do, as long as
 * they overlap enough; those of the same label first where labels matter.
 */
export function matchRois(
  truths: readonly Roi[],
  predictions: readonly Roi[],
  options: MatchOptions,
): Match[] {
  const { threshold, of, isByLabel, leastScore } = options;
  const shown = predictions.filter(({ score }) => score === null || score >= leastScore);
  const pairs: Pair[] = [];
  for (const truth of truths) {
    for (const prediction of shown) {
      const common = overlap(truth.shape, prediction.shape, of);
      if (common >= threshold) pairs.push({ truth, prediction, overlap: common });
    }
  }
  const isAlike = ({ truth, prediction }: Pair) => !isByLabel || truth.label === prediction.label;
  pairs.sort(
    (one, other) =>
      Number(isAlike(other)) - Number(isAlike(one)) ||
      other.overlap - one.overlap ||
      (other.prediction.score ?? 0) - (one.prediction.score ?? 0),
  );
  const taken = new Set<Roi>();
  const matches: Match[] = [];
  for (const pair of pairs) {
    const { truth, prediction } = pair;
    if (taken.has(truth) || taken.has(prediction)) continue;
    taken.add(truth).add(prediction);
    matches.push({ ...pair, outcome: isAlike(pair) ? 'matched' : 'differs' });
  }
  for (const truth of truths) {
    if (taken.has(truth)) continue;
    matches.push({ truth, prediction: null, outcome: 'missed', overlap: 0 });
  }
  for (const prediction of shown) {
    if (taken.has(prediction)) continue;
    matches.push({ truth: null, prediction, outcome: 'extra', overlap: 0 });
  }
  return matches;
}

/** What two layers of one file have found, on one frame. */
export interface FrameMatches {
  frame_index: number;
  matches: readonly Match[];
  /** What became of each ROI, by its id. */
  outcomes: ReadonlyMap<string, Outcome>;
}

/**
 * Matches the regions of one file on each frame that some of them name. Frames
 * that have only what is on all frames are all alike, and stand once.
 */
export function matchFile(
  rois: readonly Roi[],
  layers: { truth: string; predictions: string },
  options: MatchOptions,
  frameCount: number | null,
): FrameMatches[] {
  const regions = rois.filter(({ shape }) => isRegion(shape));
  const truths = regions.filter(({ group }) => group === layers.truth);
  const predictions = regions.filter(({ group }) => group === layers.predictions);
  return framesToCompare([...truths, ...predictions], frameCount).map((frame_index) => {
    const here = (roi: Roi) => isOnFrame(roi, frame_index);
    const matches = matchRois(truths.filter(here), predictions.filter(here), options);
    const outcomes = new Map(
      matches.flatMap(({ truth, prediction, outcome }) =>
        [truth, prediction].flatMap((roi) => (roi === null ? [] : [[roi.id, outcome] as const])),
      ),
    );
    return { frame_index, matches, outcomes };
  });
}

function framesToCompare(rois: readonly Roi[], frameCount: number | null): number[] {
  const named = new Set(rois.flatMap(({ frames }) => (frames === 'all' ? [] : frames)));
  if (rois.some(({ frames }) => frames === 'all')) {
    let first = 0;
    while (named.has(first)) first += 1;
    if (first < (frameCount ?? Infinity)) named.add(first);
  }
  return [...named].sort((one, other) => one - other);
}

/** How often each outcome came, and what follows for a model. */
export interface MatchCounts extends Record<Outcome, number> {
  /** Share of the predictions that are right; null without any. */
  precision: number | null;
  /** Share of the truth that was found; null without any. */
  recall: number | null;
}

/** A label that differs is wrong on both sides. */
export function countMatches(matches: Iterable<Match>): MatchCounts {
  const counts = { matched: 0, missed: 0, extra: 0, differs: 0 };
  for (const { outcome } of matches) counts[outcome] += 1;
  const { matched, missed, extra, differs } = counts;
  const share = (of: number) => (of === 0 ? null : matched / of);
  return {
    ...counts,
    precision: share(matched + extra + differs),
    recall: share(matched + missed + differs),
  };
}
