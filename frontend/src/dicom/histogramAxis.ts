import type { ValueRange } from './displayRange';
import type { Histogram } from './histogram';

/** A window may lie this many times the range of the values beside them and still be on the axis. */
const FARTHEST_SPANS = 1;

/** The values on the axis: those of the image, and the window as far as it lies near to them. */
export function axisRange({ low, high }: Histogram, window: ValueRange | null): ValueRange {
  if (window === null) return { low, high };
  const margin = FARTHEST_SPANS * (high - low);
  return {
    low: Math.min(low, Math.max(window.low, low - margin)),
    high: Math.max(high, Math.min(window.high, high + margin)),
  };
}

/** The counts as an SVG path in a box of 1 by 1 with its origin at the top left. */
export function histogramPath(
  { low, high, counts }: Histogram,
  axis: ValueRange,
  isLog: boolean,
): string {
  const height = (count: number) => (isLog ? Math.log1p(count) : count);
  const tallest = height(counts.reduce((most, count) => Math.max(most, count), 0)) || 1;
  const span = axis.high - axis.low;
  const left = (bin: number) => (low + (bin * (high - low)) / counts.length - axis.low) / span;
  const steps = Array.from(counts, (count, bin) => {
    const top = 1 - height(count) / tallest;
    return `V${short(top)}H${short(left(bin + 1))}`;
  });
  return `M${short(left(0))} 1${steps.join('')}V1Z`;
}

function short(value: number): string {
  return String(Number(value.toFixed(4)));
}
