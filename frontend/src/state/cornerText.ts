import type { FileEntry } from '../api/types.gen';
import { formatDate, formatValue, personName, visibleText } from '../dicom/format';
import type { Voi } from '../dicom/recipe';

/** Who and when. */
export function patientLines(file: FileEntry): string[] {
  return lines([
    personName(file.patient_name),
    visibleText(file.patient_id),
    formatDate(file.study_date),
    visibleText(file.study_description),
  ]);
}

/** What. */
export function seriesLines(file: FileEntry): string[] {
  const number = visibleText(file.series_number);
  const instance = visibleText(file.instance_number);
  return lines([
    [visibleText(file.modality), number && `Series ${number}`].filter(Boolean).join('  '),
    visibleText(file.series_description),
    instance && `Image ${instance}`,
  ]);
}

const FUNCTION_NAMES = {
  LINEAR: 'linear',
  LINEAR_EXACT: 'linear exact',
  SIGMOID: 'sigmoid',
} as const;

/** The window as `C 40  W 400`; a table by its own name. */
export function voiText(voi: Voi | null): string {
  if (voi === null) return '';
  if (voi.kind === 'lut') return visibleText(voi.explanation) || 'VOI LUT';
  return `C ${formatValue(voi.center)}  W ${formatValue(voi.width)}`;
}

/** How the window is read, and what the file calls it. */
export function voiDetail(voi: Voi | null): string {
  if (voi === null) return 'colour';
  if (voi.kind === 'lut') return 'lookup table';
  return [FUNCTION_NAMES[voi.function], visibleText(voi.explanation)].filter(Boolean).join(', ');
}

function lines(texts: readonly string[]): string[] {
  return texts.filter((text) => text !== '');
}
