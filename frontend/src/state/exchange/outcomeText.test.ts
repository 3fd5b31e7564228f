import { expect, test } from 'vitest';

import type { RoiImport } from '../../api/types.gen';
import { addedText, matchedText } from './outcomeText';

function report(change: Partial<RoiImport>): RoiImport {
  return {
    format: 'coco',
    rows: 0,
    matched: { path: 0, sop_instance_uid: 0, name: 0 },
    files: 0,
    added: 0,
    already_there: 0,
    marked: 0,
    unmatched_count: 0,
    unmatched: [],
    left_out_count: 0,
    left_out: [],
    warnings: [],
    ...change,
  };
}

test('what was added and what was there is counted', () => {
  expect(addedText(report({ added: 120, files: 14 }))).toBe('Added 120 ROIs to 14 files.');
  expect(addedText(report({ added: 1, files: 1, already_there: 1 }))).toBe(
    'Added 1 ROI to 1 file. 1 ROI was there already.',
  );
  expect(addedText(report({ already_there: 3 }))).toBe(
    'Nothing new was added. 3 ROIs were there already.',
  );
  expect(addedText(report({ marked: 2 }))).toBe('Marked 2 files.');
  expect(addedText(report({}))).toBe('Nothing new was added.');
});

test('it is said how rows have found their files', () => {
  expect(matchedText(report({ matched: { path: 2, sop_instance_uid: 0, name: 1 } }))).toBe(
    'Matched: 2 rows by path, 1 row by file name.',
  );
  expect(matchedText(report({}))).toBe('');
});
