import { expect, test } from 'vitest';

import type { TagNode } from '../api/types.gen';
import { tagRows, type TagRow } from './tagRows';

const text = (tag: string, keyword: string, value: string): TagNode => ({
  tag,
  vr: 'LO',
  keyword,
  value: { type: 'string', value },
});

const nodes: TagNode[] = [
  text('(0010,0010)', 'PatientName', 'DOE^JANE'),
  {
    tag: '(0008,1115)',
    vr: 'SQ',
    keyword: 'ReferencedSeriesSequence',
    value: {
      type: 'sequence',
      items: [
        [text('(0020,000E)', 'SeriesInstanceUID', '1.2.3')],
        [text('(0020,000E)', 'SeriesInstanceUID', '4.5.6')],
      ],
    },
  },
  text('(0009,1001)', '', 'secret of a vendor'),
];

function shown(filter: string, ...expanded: string[]): string[] {
  const rows = tagRows(nodes, {
    filter,
    isExpanded: (key) => expanded.includes(key),
    valueAt: (_, value) => value,
  });
  return rows.map((row) => '  '.repeat(row.level - 1) + title(row));
}

function title(row: TagRow): string {
  return row.kind === 'more' ? 'more' : row.name;
}

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

test('a hit inside a sequence comes with its parents and without its neighbours', () => {
  expect(shown('4.5.6')).toEqual([
    'Referenced Series Sequence',
    '  Item 2',
    '    Series Instance UID',
  ]);
});

test.each([
  ['keyword', 'patientname'],
  ['name in words', 'patient name'],
  ['tag', '0010,0010'],
  ['tag without punctuation', '00100010'],
  ['value', 'jane'],
])('an element is found by its %s', (_, filter) => {
  expect(shown(filter)).toEqual(['Patient Name']);
});

test('private elements are found too', () => {
  expect(shown('vendor')).toEqual(['Private']);
});

test('a value that was cut offers the rest', () => {
  const cut: TagNode = {
    tag: '(0028,3006)',
    vr: 'US',
    keyword: 'LUTData',
    value: { type: 'numbers', value: [1, 2], truncated: true, total: 4096 },
  };
  const rows = tagRows([cut], { filter: '', isExpanded: () => true, valueAt: (_, value) => value });
  expect(rows[1]).toMatchObject({ kind: 'more', path: '00283006', loaded: 2, total: 4096 });
});

test('values are shown as text, with control characters visible', () => {
  const values: TagNode['value'][] = [
    { type: 'numbers', value: [0.5, 0.25] },
    { type: 'binary', length: 2048 },
    { type: 'error', message: 'cut short' },
    { type: 'string', value: 'two\nlines' },
  ];
  const rows = tagRows(
    values.map((value) => ({ tag: '(0011,1010)', vr: 'UN', keyword: '', value })),
    { filter: '', isExpanded: () => false, valueAt: (_, value) => value },
  );
  expect(rows.map((row) => (row.kind === 'element' ? row.value : ''))).toEqual([
    '0.5 \\ 0.25',
    '2.0 KiB',
    'cut short',
    'two\\nlines',
  ]);
});
