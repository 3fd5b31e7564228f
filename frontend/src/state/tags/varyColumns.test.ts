import { expect, test } from 'vitest';

import type { TagVariation, VaryingTag } from '../../api/types.gen';
import { TagQuery } from './tagQuery';
import { columnsOf, type ColumnOrder } from './varyColumns';

const varying = (name: string, tag: string, texts: string[], which: number[]): VaryingTag => ({
  path: tag,
  name,
  tag,
  vr: 'LO',
  keyword: name,
  values: texts.map((text) => ({ text })),
  which,
});

const variation: TagVariation = {
  by: 'file',
  files: [4, 5, 6],
  frames: [],
  asked: 3,
  truncated: false,
  note: '',
  unread: [],
  constant: [],
  varying: [
    varying('Zoom', '(0009,1001)', ['1', '2', '3'], [0, 1, 2]),
    varying('Seq[0].EchoTime', '(0018,0081)', ['10', '20'], [0, 1, -1]),
  ],
};

const columns = (filter = '', order: ColumnOrder = 'tag') =>
  columnsOf(variation, {
    query: new TagQuery(filter),
    order,
    isCovered: () => false,
  });

test('each row has its value, or none where the element is absent', () => {
  const [, echo] = columns();
  expect([0, 1, 2].map((row) => echo?.textAt(row))).toEqual(['10', '20', null]);
  expect(echo).toMatchObject({ name: 'EchoTime', parents: 'Seq[0]' });
});

test('columns stand in the order of tags, names or numbers of values', () => {
  const names = (order: ColumnOrder) => columns('', order).map(({ name }) => name);
  expect(names('tag')).toEqual(['Zoom', 'EchoTime']);
  expect(names('name')).toEqual(['EchoTime', 'Zoom']);
  expect(names('values')).toEqual(['Zoom', 'EchoTime']);
});

test('columns are found by name and tag', () => {
  expect(columns('echo').map(({ name }) => name)).toEqual(['EchoTime']);
  expect(columns('00091001').map(({ name }) => name)).toEqual(['Zoom']);
});

test('a column is as wide as its longest text, within limits', () => {
  const wide = varying('X', '(0010,4000)', ['x'.repeat(500)], [0]);
  const [column] = columnsOf(
    { ...variation, varying: [wide] },
    { query: new TagQuery(''), order: 'tag', isCovered: () => false },
  );
  expect(column?.width_css_px).toBe(230);
  expect(columns()[1]?.width_css_px).toBeLessThan(120);
});

test('covered values say nothing, but where there is one', () => {
  const echo = columnsOf(variation, {
    query: new TagQuery(''),
    order: 'tag',
    isCovered: ({ tag }) => tag === '(0018,0081)',
  })[1];
  expect([0, 1, 2].map((row) => echo?.textAt(row))).toEqual(['hidden', 'hidden', null]);
  expect(echo?.rawAt(0)).toBe('hidden');
});
