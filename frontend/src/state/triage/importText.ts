import type { RoiImport } from '../../api/types.gen';
import { formatCount, plural } from '../../dicom/format';

/** What a table of marks has changed, and how much of it was found. */
export function importText({ rows, marked, unmatched_count, left_out_count }: RoiImport): string {
  const found = rows - unmatched_count - left_out_count;
  const change =
    marked === 0 ? 'No mark is new.' : `${plural(marked, 'file')} got another mark or note.`;
  return `${formatCount(found)} of ${plural(rows, 'row')} found their file. ${change}`;
}
