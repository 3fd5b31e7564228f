import type { RealWorldStep, Suv } from '../../api/types.gen';
import { formatValue, visibleText } from '../../dicom/format';
import { realWorldValue } from '../../dicom/realWorld';

/** Ends of a range as the server writes them: what is not finite is null. */
type Range = readonly (number | null)[] | null;

/** What one pixel is at the stages that the page knows. */
interface PixelValues {
  stored: readonly number[];
  modality: number | null;
  display: number | null;
  realWorld: string;
}

/** `-1024 to 3071 become 0 to 255`; empty where nothing is known. */
export function rangeText(input: Range, output: Range): string {
  const [from, to] = [ends(input), ends(output)];
  if (from === '') return to;
  return to === '' || to === from ? from : `${from} become ${to}`;
}

/** The value of the pixel under the pointer after a step; empty where the step does not change it. */
export function valueAfter(
  step: string,
  { stored, modality, display, realWorld }: PixelValues,
): string {
  if (step === 'samples') return stored.map(formatValue).join(', ');
  if (step === 'modality') return modality === null ? '' : formatValue(modality);
  if (step === 'real_world') return realWorld;
  return step === 'output' && display !== null ? formatValue(display) : '';
}

/** The real world values of a stored value, with their units. */
export function realWorldText(stored: number, mappings: readonly RealWorldStep[]): string {
  return mappings
    .map((mapping) => {
      const value = realWorldValue(stored, mapping);
      const unit = mapping.unit === '1' ? '' : visibleText(mapping.unit);
      return value === null ? '' : [formatValue(value), unit].filter(Boolean).join(' ');
    })
    .filter(Boolean)
    .join(', ');
}

/** `2.31 SUVbw g/ml` of a modality value; empty where there is none. */
export function suvText(modality: number, suv: Suv | null): string {
  if (suv === null) return '';
  const value = modality * suv.factor;
  return Number.isFinite(value) ? `${formatValue(value)} ${suv.kind} ${visibleText(suv.unit)}` : '';
}

function ends(range: Range): string {
  return (range ?? []).map((end) => (end === null ? '…' : formatValue(end))).join(' to ');
}
