import type { TagSide, TagText } from '../api/types.gen';
import { visibleText } from '../dicom/format';
import type { PatientNode, StudyNode } from './catalog';

/** Stands where a value is covered. */
export const COVERED_VALUE = 'hidden';

/** The label of a place in the list, without what tells who the patient is. */
export function coveredLabel(place: PatientNode | StudyNode): string {
  if (place.kind === 'patient') return `Patient ${String(place.row.index + 1)}`;
  return visibleText(place.row.study_description) || 'Study';
}

/** Says of an element whether nobody may see its value. */
export type Cover = (element: { tag: string; vr: string }) => boolean;

export const COVERED_TEXT: TagText = { text: COVERED_VALUE };

/** A side of a comparison without its value. */
export function coveredSide(side: TagSide | null): TagSide | null {
  return side && { ...side, value: COVERED_TEXT };
}
