/** Figures over the pixels of a region, in modality values. Pixels are chosen by `shapeSpans`. */
import { isSigned } from './displayLut';
import { modalityFunction } from './modality';
import { rankedWindow } from './percentiles';
import type { Modality, Padding, VoiWindow } from './recipe';
import { eachSpan } from './shapeSpans';
import type { ImagePoint, Shape } from './shapes';
import { isTableSamples, storedValuesAt, type StoredFrame } from './storedFrame';
import {
  countedValues,
  isPadding,
  patternCounters,
  quantile,
  rankingOf,
  type Ranking,
} from './tally';

export interface ComponentStatistics {
  mean: number;
  /** Of the population: divided by the number of pixels. */
  sd: number;
  min: number;
  max: number;
  median: number;
  sum: number;
}

export interface RegionStatistics {
  /** Pixels that the figures are made of. */
  pixelCount: number;
  /** Pixels of the region that are padding or hold no number. */
  excludedCount: number;
  /** One for a monochrome image, one a component for colour; none where no pixel counts. */
  components: readonly ComponentStatistics[];
}

/** What is needed to read a sample. */
interface ValueRecipe {
  modality: Modality;
  padding: Padding | null;
}

/** The values of one component, some of them more than once. */
interface Tally {
  ranking: Ranking;
  /** Calls with each value and how often it is there. */
  each: (use: (value: number, count: number) => void) => void;
}

export function regionStatistics(
  frame: StoredFrame,
  recipe: ValueRecipe,
  shape: Shape,
): RegionStatistics {
  let total = 0;
  eachSpan(shape, frame, (_, first, end) => (total += end - first));
  const tallies = componentTallies(frame, recipe, shape, total);
  const pixelCount = Math.min(...tallies.map(({ ranking }) => ranking.total));
  return {
    pixelCount,
    excludedCount: total - pixelCount,
    components: pixelCount === 0 ? [] : tallies.map(summarize),
  };
}

/** The window over what a region shows, a hundredth left out at either end; null without pixels. */
export function regionWindow(
  frame: StoredFrame,
  recipe: ValueRecipe,
  shape: Shape,
): VoiWindow | null {
  let total = 0;
  eachSpan(shape, frame, (_, first, end) => (total += end - first));
  const [tally] = componentTallies(frame, recipe, shape, total);
  if (tally === undefined || tally.ranking.total === 0) return null;
  return { ...rankedWindow(tally.ranking), explanation: '1st to 99th percentile of a region' };
}

/** Modality value, or components, of the pixel that holds a point; on the last edge, the last pixel. */
export function valuesAtPoint(
  frame: StoredFrame,
  { modality }: Pick<ValueRecipe, 'modality'>,
  point: ImagePoint,
): readonly number[] {
  const column = Math.min(Math.floor(point.x), frame.columns - 1);
  const row = Math.min(Math.floor(point.y), frame.rows - 1);
  const stored = storedValuesAt(frame, column, row) ?? [];
  return frame.samples_per_pixel === 1 ? stored.map(modalityFunction(modality)) : stored;
}

function componentTallies(
  frame: StoredFrame,
  { modality, padding }: ValueRecipe,
  shape: Shape,
  total: number,
): Tally[] {
  return Array.from({ length: frame.samples_per_pixel }, (_, component) => {
    // Modality and padding are for grey values (DICOM PS3.3 C.11.1).
    const isGrey = frame.samples_per_pixel === 1;
    const toModality = isGrey ? modalityFunction(modality) : (stored: number) => stored;
    const excluded = isGrey ? padding : null;
    return isTableSamples(frame.samples)
      ? countTable(frame, component, toModality, excluded, shape)
      : collectWide(frame, component, toModality, excluded, shape, total);
  });
}

/** Counts stored values: as fast for a whole mammogram as its pixels can be read. */
function countTable(
  { samples, columns, rows, samples_per_pixel }: StoredFrame,
  component: number,
  toModality: (stored: number) => number,
  padding: Padding | null,
  shape: Shape,
): Tally {
  const patterns = patternCounters();
  eachSpan(shape, { rows, columns }, (row, first, end) => {
    const last = (row * columns + end) * samples_per_pixel;
    for (
      let index = (row * columns + first) * samples_per_pixel + component;
      index < last;
      index += samples_per_pixel
    ) {
      const slot = (samples[index] as number) & 0xffff;
      patterns[slot] = (patterns[slot] as number) + 1;
    }
  });
  const signed = isTableSamples(samples) && isSigned(samples);
  const counted = countedValues(patterns, signed, toModality, padding);
  return {
    ranking: rankingOf(counted),
    each(use) {
      for (const { value, count } of counted) use(value, count);
    },
  };
}

function collectWide(
  { samples, columns, rows, samples_per_pixel }: StoredFrame,
  component: number,
  toModality: (stored: number) => number,
  padding: Padding | null,
  shape: Shape,
  total: number,
): Tally {
  const found = new Float64Array(total);
  let count = 0;
  eachSpan(shape, { rows, columns }, (row, first, end) => {
    for (let column = first; column < end; column += 1) {
      const stored = samples[(row * columns + column) * samples_per_pixel + component] as number;
      if (!Number.isFinite(stored) || isPadding(stored, padding)) continue;
      const value = toModality(stored);
      if (Number.isFinite(value)) found[count++] = value;
    }
  });
  const values = found.subarray(0, count).sort();
  return {
    ranking: { total: count, at: (rank) => values[rank] ?? NaN },
    each(use) {
      for (const value of values) use(value, 1);
    },
  };
}

function summarize({ ranking, each }: Tally): ComponentStatistics {
  let sum = 0;
  each((value, count) => (sum += value * count));
  const mean = sum / ranking.total;
  let squares = 0;
  // A second pass: the difference of large squares would lose the digits.
  each((value, count) => (squares += count * (value - mean) ** 2));
  return {
    mean,
    sd: Math.sqrt(squares / ranking.total),
    min: ranking.at(0),
    max: ranking.at(ranking.total - 1),
    median: quantile(ranking, 0.5),
    sum,
  };
}
