import type { StackDimension, StackRow } from '../../api/types.gen';
import { visibleText } from '../../dicom/format';

const ORDERS: Readonly<Record<string, string>> = {
  instance_number: 'by Instance Number',
  name: 'by file name',
  stored: 'as stored',
  in_stack_position: 'by In-Stack Position Number',
  temporal_position: 'by temporal position',
  dimension_index: 'by Dimension Index Values',
};

/** Where a stack leads in the patient, or what its order was taken from where that is not the position. */
export function orderText({ ordered_by, direction, files, has_pixels }: StackRow): string {
  if (!has_pixels || files.length < 2) return '';
  if (ordered_by === 'position') return visibleText(direction);
  return ORDERS[ordered_by] ?? visibleText(ordered_by.replaceAll('_', ' '));
}

/** The name of a dimension and one of its values with the unit. */
export function dimensionText(
  { name, unit, values }: StackDimension,
  value: number,
): { name: string; value: string } {
  const words = [visibleText(values[value] ?? ''), visibleText(unit)].filter(Boolean);
  return { name: visibleText(name), value: words.join(' ') };
}
