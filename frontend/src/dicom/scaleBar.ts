import { formatValue } from './format';

export interface ScaleBar {
  /** On the screen. */
  length_css_px: number;
  text: string;
}

const STEPS = [5, 2, 1];

/** The longest bar of 1, 2 or 5 times a power of ten that fits; null where there is no scale. */
export function scaleBar(mmPerCssPx: number, longest_css_px: number): ScaleBar | null {
  const longest_mm = mmPerCssPx * longest_css_px;
  if (!Number.isFinite(longest_mm) || longest_mm <= 0) return null;
  const power = 10 ** Math.floor(Math.log10(longest_mm));
  const length_mm = power * (STEPS.find((step) => step * power <= longest_mm) ?? 1);
  return { length_css_px: length_mm / mmPerCssPx, text: lengthText(length_mm) };
}

function lengthText(length_mm: number): string {
  if (length_mm >= 10) return `${formatValue(length_mm / 10)} cm`;
  if (length_mm >= 1) return `${formatValue(length_mm)} mm`;
  return `${formatValue(Number((length_mm * 1000).toPrecision(3)))} µm`;
}
