import { expect, test } from 'vitest';

import type { TagNode } from '../../api/types.gen';
import { TagQuery } from './tagQuery';
import { countHits, tagRows, type TagRow, type TagSection } from './tagRows';

const text = (tag: string, keyword: string, value: string): TagNode => ({
  tag,
  vr: 'LO',
  keyword,
  value: { type: 'string', value },
});

const sequence = (tag: string, keyword: string, ...items: TagNode[][]): TagNode => ({
  tag,
  vr: 'SQ',
  keyword,
  value: { type: 'sequence', items },
});

const nodes: TagNode[] = [
  text('(0010,0010)', 'PatientName', 'DOE^JANE'),
  sequence(
    '(0008,1115)',
    'ReferencedSeriesSequence',
    [text('(0020,000E)', 'SeriesInstanceUID', '1.2.3')],
    [text('(0020,000E)', 'SeriesInstanceUID', '4.5.6')],
  ),
  { ...text('(0009,1001)', '', 'secret of a vendor'), creator: 'ACME' },
];

const file = (of: readonly TagNode[]): TagSection => ({
  key: '',
  name: '',
  detail: '',
  path: '',
  nodes: of,
});

const frame = (of: readonly TagNode[]): TagSection => ({
  ...file(of),
  key: 'frame',
  name: 'Frame 7',
  path: '52009230/6/',
});

function rowsOf(sections: TagSection[], filter = '', ...turned: string[]): TagRow[] {
  return tagRows(sections, {
    query: new TagQuery(filter),
    isTurned: (key) => turned.includes(key),
    valueAt: (_, value) => value,
    lineLength: 10,
  });
}

/** Rows by what they say, indented, with a star where something was found. */
function said(rows: TagRow[]): string[] {
  return rows.map((row) => {
    const title = row.kind === 'line' ? row.text : row.kind === 'more' ? 'more' : row.name;
    const mark = row.kind === 'element' && row.isHit ? ' *' : '';
    return '  '.repeat(row.level - 1) + title + mark;
  });
}

const shown = (filter: string, ...turned: string[]) =>
  said(rowsOf([file(nodes)], filter, ...turned));

test('sequences are closed until they are opened', () => {
  expect(shown('')).toEqual(['Patient Name', 'Referenced Series Sequence', 'Private']);
  expect(shown('', '00081115')).toEqual([
    'Patient Name',
    'Referenced Series Sequence',
    '  Item 1',
    '    Series Instance UID',
    '  Item 2',
    '    Series Instance UID',
    'Private',
  ]);
});

test('an item can be closed by itself', () => {
  expect(shown('', '00081115', '00081115/0')).toEqual([
    'Patient Name',
    'Referenced Series Sequence',
    '  Item 1',
    '  Item 2',
    '    Series Instance UID',
    'Private',
  ]);
});

test('a hit inside a sequence comes with its parents and without its neighbours', () => {
  expect(shown('4.5.6')).toEqual([
    'Referenced Series Sequence',
    '  Item 2',
    '    Series Instance UID *',
  ]);
});

test('a parent that is opened shows the neighbours of its hits', () => {
  expect(shown('4.5.6', '00081115')).toEqual([
    'Referenced Series Sequence',
    '  Item 1',
    '    Series Instance UID',
    '  Item 2',
    '    Series Instance UID *',
  ]);
});

test('a sequence that is found shows what is found inside, and stays closed where nothing is', () => {
  expect(shown('series')).toEqual([
    'Referenced Series Sequence *',
    '  Item 1',
    '    Series Instance UID *',
    '  Item 2',
    '    Series Instance UID *',
  ]);
  expect(shown('referencedseries')).toEqual(['Referenced Series Sequence *']);
});

test.each([
  ['keyword', 'patientname'],
  ['name in words', 'patient name'],
  ['tag', '0010,0010'],
  ['tag without punctuation', '00100010'],
  ['value', 'jane'],
])('an element is found by its %s', (_, filter) => {
  expect(shown(filter)).toEqual(['Patient Name *']);
});

test('private elements are found too, and say who made them', () => {
  const [row] = rowsOf([file(nodes)], 'vendor');
  expect(row).toMatchObject({ name: 'Private', creator: 'ACME', path: '00091001' });
});

test('hits are counted, those in closed sequences too', () => {
  expect(countHits(nodes, new TagQuery('series'))).toBe(3);
  expect(countHits(nodes, new TagQuery('nothing'))).toBe(0);
});

test('the functional groups of a frame stand open above the file, without rows of single items', () => {
  const groups = [
    sequence('(0020,9113)', 'PlanePositionSequence', [
      text('(0020,0032)', 'ImagePositionPatient', '0\\0\\7'),
    ]),
  ];
  const rows = rowsOf([frame(groups), file(nodes)]);
  expect(said(rows)).toEqual([
    'Frame 7',
    '  Plane Position Sequence',
    '    Image Position Patient',
    'Patient Name',
    'Referenced Series Sequence',
    'Private',
  ]);
  expect(rows[2]).toMatchObject({ path: '52009230/6/00209113/0/00200032' });
  expect(said(rowsOf([frame(groups), file([])], '', 'frame'))).toEqual(['Frame 7']);
  expect(said(rowsOf([frame(groups), file(nodes)], 'jane'))).toEqual(['Patient Name *']);
});

test('what stays open does not depend on the frame', () => {
  const key = (path: string) =>
    rowsOf([{ ...frame([text('(0020,0032)', 'X', 'y')]), path }])[1]?.key;
  expect(key('52009230/6/')).toBe(key('52009230/7/'));
});

test('the answer of a search says which items and which elements it is about', () => {
  const answer: TagNode = {
    ...sequence('(5200,9230)', 'PerFrameFunctionalGroupsSequence', [
      { ...text('(0020,9157)', 'DimensionIndexValues', '1\\151'), hit: true },
    ]),
    value: {
      type: 'sequence',
      items: [[{ ...text('(0020,9157)', 'DimensionIndexValues', '1\\151'), hit: true }]],
      item_indices: [150],
      truncated: true,
      total: 300,
    },
  };
  const rows = rowsOf([{ ...file([answer]), isAnswer: true }], 'anything');
  expect(said(rows)).toEqual([
    'Per Frame Functional Groups Sequence',
    '  Item 151',
    '    Dimension Index Values *',
  ]);
  expect(rows[2]).toMatchObject({ path: '52009230/150/00209157' });
});

test('a long value can be opened and is then read in lines', () => {
  const long = text('(0020,4000)', 'ImageComments', 'every word of this comment\ncan be read');
  expect(rowsOf([file([long])])[0]).toMatchObject({ isExpanded: false });
  expect(said(rowsOf([file([long])], '', '00204000'))).toEqual([
    'Image Comments',
    '  every ',
    '  word of ',
    '  this ',
    '  comment',
    '  can be ',
    '  read',
  ]);
});

test('a value that was cut offers the rest', () => {
  const cut: TagNode = {
    tag: '(0028,3006)',
    vr: 'US',
    keyword: 'LUTData',
    value: { type: 'numbers', value: [1, 2], truncated: true, total: 4096 },
  };
  const rows = rowsOf([file([cut])], '', '00283006');
  expect(rows.at(-1)).toMatchObject({ kind: 'more', path: '00283006', loaded: 2, total: 4096 });
});

test('values are shown as text, with control characters visible', () => {
  const values: TagNode['value'][] = [
    { type: 'numbers', value: [0.5, 0.25] },
    { type: 'error', message: 'cut short' },
    { type: 'string', value: 'two\nlines' },
  ];
  const rows = rowsOf([
    file(values.map((value) => ({ tag: '(0011,1010)', vr: 'UN', keyword: '', value }))),
  ]);
  expect(rows.map((row) => (row.kind === 'element' ? row.value : ''))).toEqual([
    '0.5 \\ 0.25',
    'cut short',
    'two\\nlines',
  ]);
});
