import { formatDate, formatValue, personName, visibleText } from '../dicom/format';
import type { Voi } from '../dicom/recipe';
import type { SeriesNode } from './catalog';
import type { FileFacts } from './seriesContent';

/** Who and when. */
export function patientLines({ study }: SeriesNode): string[] {
  if (study === null) return [];
  const { patient_name, patient_id } = study.patient.row;
  return lines([
    personName(patient_name),
    visibleText(patient_id),
    formatDate(study.row.study_date),
    visibleText(study.row.study_description),
  ]);
}

/** What. */
export function seriesLines({ row }: SeriesNode, file: FileFacts): string[] {
  const number = visibleText(row.series_number);
  const instance = visibleText(file.instance_number);
  return lines([
    [visibleText(row.modality), number && `Series ${number}`].filter(Boolean).join('  '),
    visibleText(row.series_description),
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
