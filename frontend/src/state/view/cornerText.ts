import { formatDate, formatValue, personName, visibleText } from '../../dicom/format';
import type { FrameRef } from '../../dicom/frameRef';
import type { Voi } from '../../dicom/recipe';
import type { Orientation } from '../../interaction/camera';
import type { SeriesNode } from '../list/catalog';
import { COVERED } from './identity';
import type { FileFacts, Stack } from './seriesContent';

/** How much of the text is wanted. */
interface Wanted {
  isBrief?: boolean;
  isIdentityHidden?: boolean;
}

/** Who and when. */
export function patientLines(
  { study }: SeriesNode,
  { isBrief = false, isIdentityHidden = false }: Wanted = {},
): string[] {
  if (study === null) return [];
  const { patient_name, patient_id } = study.patient.row;
  // Many files, anonymous ones above all, have the number for a name.
  const named = new Set([personName(patient_name), visibleText(patient_id)]);
  const who = isIdentityHidden ? [COVERED] : [...named];
  if (isBrief) return lines(who);
  const when = isIdentityHidden ? '' : formatDate(study.row.study_date);
  return lines([...who, when, visibleText(study.row.study_description)]);
}

/** What. */
export function seriesLines(
  { row }: SeriesNode,
  file: FileFacts,
  { isBrief = false }: Wanted = {},
): string[] {
  const number = visibleText(row.series_number);
  const instance = visibleText(file.instance_number);
  return lines([
    [visibleText(row.modality), number && `Series ${number}`].filter(Boolean).join('  '),
    visibleText(row.series_description),
    isBrief || !instance ? '' : `Image ${instance}`,
  ]);
}

/** Where the slice lies along its normal, and how thick it is. */
export function sliceLines(stack: Stack, ref: FrameRef): string[] {
  const { geometry } = stack.row;
  if (geometry === null) return [];
  const plane = stack.planeOf(ref);
  const location_mm = plane && locationOf(plane.position, geometry.normal);
  const thickness_mm = geometry.slice_thickness_mm;
  return lines([
    location_mm === null || !Number.isFinite(location_mm)
      ? ''
      : `Location ${millimetres(location_mm)}`,
    thickness_mm === null ? '' : `Thickness ${millimetres(thickness_mm)}`,
  ]);
}

/** Along the normal as it points to the left, the back or the head: in an axial slice it is z. */
function locationOf(position: readonly number[], normal: readonly number[]): number {
  const along = normal.reduce((sum, part, axis) => sum + part * (position[axis] ?? NaN), 0);
  const [main] = [...normal].sort((one, other) => Math.abs(other) - Math.abs(one));
  return (main ?? 1) < 0 ? -along : along;
}

/** How the picture is turned, beyond how it is stored. */
export function turnText({ rotation_deg, isMirrored }: Orientation): string {
  const turn = rotation_deg === 0 ? '' : `turned ${String(rotation_deg)}°`;
  return [isMirrored ? 'mirrored' : '', turn].filter(Boolean).join(', ');
}

/** Two digits are what a position is known to. */
function millimetres(value: number): string {
  return `${formatValue(Number(value.toFixed(2)))} mm`;
}

/** The functions of windows in words. */
export const FUNCTION_NAMES = {
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
