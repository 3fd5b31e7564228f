import { expect, test } from 'vitest';

import { entry } from '../testing/server';
import { buildTree, framesOf, stacksOf } from './tree';
import { treeRows } from './treeRows';

const open = { filter: '', isCollapsed: () => false };

function labels(files: Parameters<typeof buildTree>[0], filter = ''): string[] {
  const { rows } = treeRows(buildTree(files), [], { ...open, filter });
  return rows.map(({ level, label }) => `${'  '.repeat(level - 1)}${label}`);
}

test('files are grouped by patient, study and series', () => {
  const files = [
    entry(0),
    entry(1, { series_instance_uid: '1.2.9', series_number: '10', series_description: 'Late' }),
    entry(2),
    entry(3, { patient_id: 'P0', patient_name: 'ADAMS^JOHN', study_instance_uid: '7' }),
  ];
  expect(labels(files)).toEqual([
    'ADAMS, JOHN',
    '  2024-01-31  Abdomen',
    '    Portal venous',
    'DOE, JANE',
    '  2024-01-31  Abdomen',
    '    Portal venous',
    '    Late',
  ]);
});

test('slices are one stack, in the order of their instance numbers as numbers', () => {
  const files = ['10', '9', '', '1'].map((instance_number, index) =>
    entry(index, { instance_number }),
  );
  const [stack] = stacksOf(buildTree(files));
  expect(stack && framesOf(stack).map(({ file }) => file)).toEqual([3, 1, 0, 2]);
});

test('equal instance numbers are ordered by path', () => {
  const files = ['/b', '/a'].map((path, index) => entry(index, { path, instance_number: '1' }));
  const [stack] = stacksOf(buildTree(files));
  expect(stack && framesOf(stack).map(({ file }) => file)).toEqual([1, 0]);
});

test('a file with many frames is a stack of its own beside the slices of its series', () => {
  const files = [entry(0), entry(1), entry(2, { frame_count: 3, path: '/data/cine.dcm' })];
  expect(labels(files).slice(2)).toEqual(['    Portal venous', '      2 images', '      cine.dcm']);
  const cine = stacksOf(buildTree(files)).find(({ label }) => label === 'cine.dcm');
  expect(cine && framesOf(cine)).toEqual([
    { file: 2, frame_index: 0 },
    { file: 2, frame_index: 1 },
    { file: 2, frame_index: 2 },
  ]);
});

test('files that name no series are not thrown together', () => {
  const files = [0, 1].map((index) =>
    entry(index, { series_instance_uid: '', series_description: '' }),
  );
  expect(labels(files).slice(2)).toEqual(['    0.dcm', '    1.dcm']);
});

test('a series without a description goes by its number, a lone file by its name', () => {
  const nameless = { series_description: '', series_number: '7' };
  expect(labels([entry(0, nameless), entry(1, nameless)]).at(-1)).toBe('    Series 7');
  expect(labels([entry(0, nameless)]).at(-1)).toBe('    0.dcm');
});

test('an object without pixels stays in its study and says what it is', () => {
  const report = entry(0, {
    has_pixels: false,
    status: 'no_pixels',
    modality: 'SR',
    series_description: '',
    note: 'Basic Text SR',
    frame_count: 0,
  });
  const { rows } = treeRows(buildTree([report]), [], open);
  expect(rows.at(-1)).toMatchObject({
    label: 'Basic Text SR',
    warning: 'no image',
    modality: 'SR',
  });
});

test('what belongs to no study, and what could not be read, is listed with the reason', () => {
  const directory = entry(0, {
    has_pixels: false,
    study_instance_uid: '',
    note: 'Media Storage Directory',
    path: '/data/DICOMDIR',
  });
  const skipped = [
    { path: '/data/notes.txt', status: 'not_dicom', reason: 'no DICOM data set' },
    { path: '/data/cut.dcm', status: 'unreadable', reason: 'ends in the header' },
  ] as const;
  const { rows } = treeRows(buildTree([directory]), skipped, open);
  expect(rows.map(({ label, detail }) => [label, detail])).toEqual([
    ['Not images', ''],
    ['DICOMDIR', 'Media Storage Directory'],
    ['notes.txt', 'no DICOM data set'],
    ['Not readable', ''],
    ['cut.dcm', 'ends in the header'],
  ]);
});

test('a damaged file is marked on its series', () => {
  const { rows } = treeRows(buildTree([entry(0), entry(1, { status: 'partial' })]), [], open);
  expect(rows.at(-1)?.warning).toBe('damaged');
});

test('the filter wants every word, anywhere, and opens what it finds', () => {
  const files = [
    entry(0),
    entry(1, { series_instance_uid: '4', modality: 'MR', series_description: 'T2 axial' }),
  ];
  expect(labels(files, 'jane t2')).toEqual(['DOE, JANE', '  2024-01-31  Abdomen', '    T2 axial']);
  expect(labels(files, '1.dcm').at(-1)).toBe('    T2 axial');
  const { shown, total } = treeRows(buildTree(files), [], {
    filter: 'T2',
    isCollapsed: () => true,
  });
  expect([shown, total]).toEqual([1, 2]);
});

test('a closed branch hides what is below it', () => {
  const { rows } = treeRows(buildTree([entry(0)]), [], { ...open, isCollapsed: () => true });
  expect(rows.map(({ isExpanded }) => isExpanded)).toEqual([false]);
});

test('names from files cannot reorder the list with control characters', () => {
  expect(labels([entry(0, { patient_name: 'A\u202EB' })])[0]).toBe('A\\u{202E}B');
});
