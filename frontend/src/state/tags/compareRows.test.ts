import { expect, test } from 'vitest';

import type { TagComparison, TagDifference } from '../../api/types.gen';
import { compareRows, contrasted } from './compareRows';
import { TagQuery } from './tagQuery';

function difference(
  name: string,
  state: TagDifference['state'],
  first: string | null,
  second: string | null,
): TagDifference {
  const side = (text: string | null) => (text === null ? null : { vr: 'LO', value: { text } });
  return {
    path: name,
    name,
    tag: '(0010,0010)',
    keyword: name.split('.').at(-1) ?? '',
    state,
    first: side(first),
    second: side(second),
  };
}

function rowsOf(rows: TagDifference[], isWhole = false, filter = '', ...turned: string[]) {
  const comparison: TagComparison = {
    same: 0,
    changed: 0,
    only_first: 0,
    only_second: 0,
    truncated: false,
    rows,
  };
  return compareRows(comparison, {
    isWhole,
    query: new TagQuery(filter),
    isTurned: (key) => turned.includes(key),
    lineLength: 16,
    isCovered: ({ vr }) => vr === 'PN',
  });
}

const rows = [
  difference('Rows', 'same', '512', '512'),
  difference('InstanceNumber', 'changed', '1', '2'),
  difference('Seq[0].Lost', 'only_first', 'gone', null),
  difference('Found', 'only_second', null, 'new'),
];

test('what is the same is left out until it is asked for', () => {
  expect(rowsOf(rows).map(({ key }) => key)).toEqual(['InstanceNumber', 'Seq[0].Lost', 'Found']);
  expect(rowsOf(rows, true)).toHaveLength(4);
});

test('a side that lacks the element is empty, and parents stand apart from the name', () => {
  expect(rowsOf(rows)[1]).toMatchObject({
    state: 'only_first',
    name: 'Lost',
    parents: 'Seq[0]',
    second: null,
  });
});

test('rows are found by name and by the value of either side', () => {
  expect(rowsOf(rows, false, 'instance').map(({ key }) => key)).toEqual(['InstanceNumber']);
  expect(rowsOf(rows, false, 'new').map(({ key }) => key)).toEqual(['Found']);
});

test('the differing part stands between what is common', () => {
  expect(contrasted('CHEST LUNG', 'CHEST BONE')).toEqual([
    { before: 'CHEST ', differing: 'LUNG', after: '' },
    { before: 'CHEST ', differing: 'BONE', after: '' },
  ]);
  expect(contrasted('10', '100')).toEqual([
    { before: '10', differing: '', after: '' },
    { before: '10', differing: '0', after: '' },
  ]);
});

test('of a long common beginning the end is left, of equal texts all', () => {
  const uid = '1.2.840.113619.2.55.3.1';
  expect(contrasted(`${uid}.7.1`, `${uid}.8.1`)[0]).toEqual({
    before: '…19.2.55.3.1.',
    differing: '7',
    after: '.1',
  });
  expect(contrasted(uid, uid)[0]).toEqual({ before: uid, differing: '', after: '' });
});

test('a long value is read in lines, those of the first file before those of the second', () => {
  const long = difference('Comment', 'changed', 'a comment of many words', 'another comment');
  expect(rowsOf([long])[0]).toMatchObject({ isExpanded: false });
  const lines = rowsOf([long], false, '', 'Comment').slice(1);
  expect(lines).toMatchObject([
    { side: 'first', text: 'a comment of ' },
    { side: 'first', text: 'many words' },
    { side: 'second', text: 'another comment' },
  ]);
});

test('what differs and is not seen is said', () => {
  const [bytes, typed] = [1, 2].map(() => difference('X', 'changed', '12 bytes', '12 bytes'));
  if (typed?.second) typed.second.vr = 'SH';
  expect(rowsOf([bytes, typed] as TagDifference[])).toMatchObject([
    { note: 'other bytes' },
    { note: 'VR LO and SH' },
  ]);
});

test('of a covered element is said that it differs, and not how', () => {
  const name = difference('PatientName', 'changed', 'DOE^JANE', 'ROE^RICHARD');
  for (const side of [name.first, name.second]) if (side) side.vr = 'PN';
  expect(rowsOf([name])).toMatchObject([
    {
      state: 'changed',
      first: { before: 'hidden', differing: '' },
      second: { before: 'hidden', differing: '' },
      source: { first: { value: { text: 'hidden' } } },
    },
  ]);
  expect(rowsOf([name], false, 'jane')).toEqual([]);
});
