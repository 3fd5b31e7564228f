import type { VoiWindow } from './recipe';
import { explicitWindow } from './voi';

/** A drag over this many CSS pixels moves the center by one width; to the right it widens e-fold. */
const SENSITIVITY_CSS_PX = 300;

const SMALLEST_WIDTH = 1e-6;

/**
 * The window after a drag from where it was: right widens, up brightens. The
 * steps are in proportion to the width, so that narrow windows are moved
 * finely, and the numbers are rounded to what the screen can show.
 */
export function dragWindow(from: VoiWindow, dx: number, dy: number): VoiWindow {
  const width = Math.max(from.width * Math.exp(dx / SENSITIVITY_CSS_PX), SMALLEST_WIDTH);
  const center = from.center + (dy / SENSITIVITY_CSS_PX) * width;
  const step = 10 ** (Math.floor(Math.log10(width)) - 2);
  return explicitWindow(roundTo(center, step), Math.max(roundTo(width, step), step), from.function);
}

/** To whole multiples of a power of ten, without the digits that binary fractions leave behind. */
function roundTo(value: number, step: number): number {
  if (step >= 1) return Math.round(value);
  const decimals = Math.round(-Math.log10(step));
  return Number(value.toFixed(Math.min(decimals, 20)));
}
