import { describe, expect, test } from 'vitest';

import {
  fileName,
  formatBytes,
  formatCount,
  formatDate,
  formatValue,
  keywordWords,
  personName,
  visibleText,
} from './format';

describe('visibleText', () => {
  test.each([
    ['an override that would reverse the name', 'gpj.\u202Eexe', 'gpj.\\u{202E}exe'],
    ['a zero width space', 'a\u200Bb', 'a\\u{200B}b'],
    ['an escape sequence of a terminal', '\u001b[31mred', '\\u{001B}[31mred'],
    ['line breaks and tabs', 'a\r\n\tb', 'a\\r\\n\\tb'],
    ['half of a surrogate pair', 'a\uD800b', 'a\\u{D800}b'],
    ['letters of any script', 'Müller 山田 علي', 'Müller 山田 علي'],
    ['markup, which text nodes make harmless', '<b>&amp;', '<b>&amp;'],
  ])('shows %s', (_, text, shown) => {
    expect(visibleText(text)).toBe(shown);
  });
});

test('a person name is read family first, without empty components', () => {
  expect(personName('DOE^JANE^M^DR')).toBe('DOE, DR JANE M');
  expect(personName('DOE')).toBe('DOE');
  expect(personName('^^')).toBe('');
});

test('the first component group with a name in it is shown', () => {
  expect(personName('Yamada^Tarou=山田^太郎')).toBe('Yamada, Tarou');
  expect(personName('=山田^太郎')).toBe('山田, 太郎');
});

test('dates are written with dashes, and left alone when they are none', () => {
  expect(formatDate('20240131')).toBe('2024-01-31');
  expect(formatDate('1997.04.24')).toBe('1997-04-24');
  expect(formatDate('last week')).toBe('last week');
});

test('values keep what a person can read', () => {
  expect([-1024, 0.5, 1 / 3, 12345.678, 1e-7, NaN].map(formatValue)).toEqual([
    '-1024',
    '0.5',
    '0.33333',
    '12346',
    '1.000e-7',
    'NaN',
  ]);
});

test('bytes are counted in units of 1024', () => {
  expect([12, 2048, 5 * 2 ** 20].map(formatBytes)).toEqual(['12 bytes', '2.0 KiB', '5.0 MiB']);
});

test('keywords become words, abbreviations stay whole', () => {
  expect(keywordWords('PatientBirthDate')).toBe('Patient Birth Date');
  expect(keywordWords('SOPClassUID')).toBe('SOP Class UID');
});

test('thousands are parted', () => {
  expect([0, 999, 1_000, 25_000, 1_234_567].map(formatCount)).toEqual([
    '0',
    '999',
    '1,000',
    '25,000',
    '1,234,567',
  ]);
});

test('the name of a file is what follows the last separator of its path', () => {
  expect(fileName('/data/ct/1.dcm')).toBe('1.dcm');
  expect(fileName('C:\\data\\1.dcm')).toBe('1.dcm');
  // A byte that is not UTF-8 comes as an escape.
  expect(fileName('/data/caf\\xE9.dcm')).toBe('caf\\xE9.dcm');
});
