import { expect, test } from 'vitest';

import { isPrivate, pathText, tagDigits } from './tagPath';

test('a path is written with tags and items counted from 0', () => {
  expect(pathText('0040A730/2/0040A160')).toBe('(0040,A730)[2].(0040,A160)');
  expect(pathText('00100010')).toBe('(0010,0010)');
});

test('a tag in a path is its digits', () => {
  expect(tagDigits('(0028,0010)')).toBe('00280010');
});

test('a tag is private where its group is odd', () => {
  expect([isPrivate('(0009,1001)'), isPrivate('(0010,0010)'), isPrivate('(00E1,1001)')]).toEqual([
    true,
    false,
    true,
  ]);
});
