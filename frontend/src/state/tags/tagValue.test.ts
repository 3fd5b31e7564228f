import { expect, test } from 'vitest';

import {
  isCut,
  joined,
  loadedLength,
  rawText,
  type TagValue,
  valueText,
  wrapped,
} from './tagValue';

test('binary values are their length', () => {
  expect(valueText({ type: 'binary', length: 524_288 })).toBe('512 KiB');
});

test('several values are shown apart and copied as the file holds them', () => {
  const value: TagValue = { type: 'numbers', value: [1, 0.5, 'nan'] };
  expect([valueText(value), rawText(value)]).toEqual(['1 \\ 0.5 \\ nan', '1\\0.5\\nan']);
});

test('no text can hide behind control characters, but the copy has them', () => {
  const value: TagValue = { type: 'string', value: 'a\u202eb' };
  expect([valueText(value), rawText(value)]).toEqual(['a\\u{202E}b', 'a\u202eb']);
});

test('a value found behind its start says that something is before it', () => {
  expect(valueText({ type: 'string', value: 'needle', offset: 2000 })).toBe('…needle');
});

test('the next part is put behind the first, and takes the place of one that begins late', () => {
  const next: TagValue = { type: 'string', value: 'cd', truncated: true, total: 4 };
  const whole = joined({ type: 'string', value: 'ab', truncated: true, total: 4 }, next);
  expect([rawText(whole), isCut(whole)]).toEqual(['abcd', false]);
  expect(joined({ type: 'string', value: 'zz', offset: 9, truncated: true }, next)).toBe(next);
});

test('parts are counted in characters, as the server counts them', () => {
  const first: TagValue = { type: 'string', value: 'a𠮷', truncated: true, total: 4 };
  expect(loadedLength(first)).toBe(2);
  const whole = joined(first, { type: 'string', value: '𠮷b', truncated: true, total: 4 });
  expect([rawText(whole), isCut(whole)]).toEqual(['a𠮷𠮷b', false]);
});

test('long text is broken at spaces, words that are too long anywhere', () => {
  expect(wrapped('one two three', 8)).toEqual(['one two ', 'three']);
  expect(wrapped('1.2.840.10008', 6)).toEqual(['1.2.84', '0.1000', '8']);
});

test('lines of the file stay lines, and wide characters count twice', () => {
  expect(wrapped('first\r\nsecond\n', 20)).toEqual(['first', 'second', '']);
  expect(wrapped('山田太郎', 4)).toEqual(['山田', '太郎']);
});
