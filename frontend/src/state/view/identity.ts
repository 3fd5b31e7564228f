/** What stands on the page while identity is hidden: no people and dates, and no files and folders, which often name them. */
import type { TagSide, TagText } from '../../api/types.gen';
import { visibleText } from '../../dicom/format';
import type { PatientNode, SeriesNode, StudyNode } from '../list/catalog';

/** Stands where a value is covered. */
export const COVERED_VALUE = 'hidden';

/** Stands where a name, number or date is covered. */
export const COVERED = 'Identity hidden';

type Named = { kind: 'folder' } | PatientNode | StudyNode | SeriesNode;

/** The label of a place in the list, without what tells who the patient is. */
export function coveredLabel(place: Named): string {
  switch (place.kind) {
    case 'folder':
      return 'Folder';
    case 'patient':
      return `Patient ${String(place.row.index + 1)}`;
    case 'study':
      return visibleText(place.row.study_description) || 'Study';
    case 'series': {
      const { series_description, series_number, image_count, note } = place.row;
      const number = visibleText(series_number);
      const what = image_count === 0 ? visibleText(note) : '';
      return visibleText(series_description) || what || (number ? `Series ${number}` : 'Series');
    }
  }
}

/** Says of an element whether nobody may see its value. */
export type Cover = (element: { tag: string; vr: string }) => boolean;

export const COVERED_TEXT: TagText = { text: COVERED_VALUE };

/** A side of a comparison without its value. */
export function coveredSide(side: TagSide | null): TagSide | null {
  return side && { ...side, value: COVERED_TEXT };
}
