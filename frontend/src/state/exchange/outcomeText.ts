import type { RoiImport } from '../../api/types.gen';
import { plural } from '../../dicom/format';

/** What an import added, in a sentence. */
export function addedText({ added, files, already_there }: RoiImport): string {
  const there = `${plural(already_there, 'ROI')} ${already_there === 1 ? 'was' : 'were'} there already.`;
  if (added === 0) return already_there > 0 ? `Nothing new: ${there}` : 'Nothing was added.';
  const sum = `Added ${plural(added, 'ROI')} to ${plural(files, 'file')}.`;
  return already_there > 0 ? `${sum} ${there}` : sum;
}

/** How rows have found their files; empty where none has. */
export function matchedText({ matched }: RoiImport): string {
  const ways = [
    [matched.path, 'by path'],
    [matched.sop_instance_uid, 'by SOP Instance UID'],
    [matched.name, 'by file name'],
  ] as const;
  const parts = ways.flatMap(([count, way]) =>
    count > 0 ? [`${plural(count, 'row')} ${way}`] : [],
  );
  return parts.length > 0 ? `Matched: ${parts.join(', ')}.` : '';
}
