import { expect, test } from 'vitest';

import type { RoiExportPreview } from '../../api/types.gen';
import { canSave, carriedText, lostText, offers } from './exportForms';

function preview(format: string, change: Partial<RoiExportPreview> = {}): RoiExportPreview {
  return { format, rois: 12, carried: 12, lost: [], missing: '', ...change };
}

test('forms are offered in the order of the menu, and none that the server does not have', () => {
  const found = offers([preview('coco'), preview('embed'), preview('json')]);
  expect(found.map(({ name }) => name)).toEqual(['dcmview JSON', 'EMBED CSV', 'COCO JSON']);
});

test('a form that the page has no words for is offered by its name', () => {
  expect(offers([preview('xyz'), preview('json')]).at(-1)).toEqual({
    format: 'xyz',
    name: 'xyz',
    use: '',
    preview: preview('xyz'),
  });
});

test('what stays behind is said with numbers', () => {
  const embed = preview('embed', {
    carried: 9,
    lost: [
      { what: 'ellipses', count: 3 },
      { what: 'labels', count: 7 },
    ],
  });
  expect(carriedText(embed)).toBe('9 of 12 ROIs');
  expect(lostText(embed)).toBe('Not in it: ellipses (3), labels (7)');
  expect(canSave(embed)).toBe(true);
});

test('a form that carries everything says so', () => {
  expect(carriedText(preview('json'))).toBe('All 12 ROIs');
  expect(carriedText(preview('json', { rois: 1, carried: 1 }))).toBe('The one ROI');
  expect(lostText(preview('json'))).toBe('');
});

test('a form that would be empty, or is not installed, cannot be saved', () => {
  const empty = preview('embed', { carried: 0, lost: [{ what: 'points', count: 12 }] });
  expect(carriedText(empty)).toBe('None of 12 ROIs');
  expect(canSave(empty)).toBe(false);
  const missing = preview('sr', { missing: "pip install 'dcmview[dicom-export]'" });
  expect(carriedText(missing)).toBe("pip install 'dcmview[dicom-export]'");
  expect(canSave(missing)).toBe(false);
});
