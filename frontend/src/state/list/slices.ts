import { pause } from '../../api/pause';

/** Work that takes longer is cut here, so that the page stays in reach. */
const SLICE_MS = 12;

/** How many steps go by between two looks at the clock. */
const STRIDE = 32;

/**
 * Carries out steps with pauses between slices of them; null where one slice
 * was enough, so that short work is done at once. Rejects when the signal says so.
 */
export function inSlices(steps: Iterator<void>, signal: AbortSignal): Promise<void> | null {
  return workOff(steps) ? null : goOn(steps, signal);
}

async function goOn(steps: Iterator<void>, signal: AbortSignal): Promise<void> {
  do {
    await pause(0, signal);
  } while (!workOff(steps));
}

/** Works for one slice; true where nothing is left. */
function workOff(steps: Iterator<void>): boolean {
  const until = performance.now() + SLICE_MS;
  for (let count = 1; steps.next().done !== true; count++) {
    if (count % STRIDE === 0 && performance.now() > until) return false;
  }
  return true;
}
