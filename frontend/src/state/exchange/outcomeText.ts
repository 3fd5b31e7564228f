import type { RoiImport } from '../../api/types.gen';
import { plural } from '../../dicom/format';

/** What an import added, in a sentence or two. */
export function addedText({ added, files, already_there, marked }: RoiImport): string {
  const sentences: string[] = [];
  if (added > 0) sentences.push(`Added ${plural(added, 'ROI')} to ${plural(files, 'file')}.`);
  if (marked > 0) sentences.push(`Marked ${plural(marked, 'file')}.`);
  if (sentences.length === 0) sentences.push('Nothing new was added.');
  if (already_there > 0) {
    const verb = already_there === 1 ? 'was' : 'were';
    sentences.push(`${plural(already_there, 'ROI')} ${verb} there already.`);
  }
  return sentences.join(' ');
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
