import { expect, test } from 'vitest';

import { isInDates, parseFilter, toggleModality, wantedModalities } from './filterTerms';

/** Terms in short: `-scope=text`. */
function terms(filter: string): string[] {
  return parseFilter(filter).map(
    ({ scope, text, isNegated }) => `${isNegated ? '-' : ''}${scope ?? ''}=${text}`,
  );
}

test('words and scoped terms are read in any order and case', () => {
  expect(terms('Liver MODALITY:CT desc:T2 patient:doe')).toEqual([
    '=liver',
    'modality=ct',
    'description=t2',
    'patient=doe',
  ]);
});

test('quotes hold words together, also while the second is still to be typed', () => {
  expect(terms('"late phase" desc:"two words" -note:"of different sizes')).toEqual([
    '=late phase',
    'description=two words',
    '-note=of different sizes',
  ]);
});

test('a minus turns a word or a term round', () => {
  expect(terms('-modality:sr -scout -"late phase" -')).toEqual([
    '-modality=sr',
    '-=scout',
    '-=late phase',
    '=-',
  ]);
});

test('an unknown scope is plain text', () => {
  expect(terms('c:\\data 1:2 size:3 constructor:x')).toEqual([
    '=c:\\data',
    '=1:2',
    '=size:3',
    '=constructor:x',
  ]);
});

test('a scope without a text wishes for nothing yet', () => {
  expect(terms('modality: -desc: desc:""')).toEqual([]);
});

test('a date is a year, a month, a day or a range with open ends', () => {
  const dates = ['20231231', '20240101', '2024.01.31', '20240201', ''];
  const within = (wanted: string) => dates.filter((date) => isInDates(date, wanted));
  expect(within('2024')).toEqual(['20240101', '2024.01.31', '20240201']);
  expect(within('2024-01')).toEqual(['20240101', '2024.01.31']);
  expect(within('20240131')).toEqual(['2024.01.31']);
  expect(within('2023-12..2024-01')).toEqual(['20231231', '20240101', '2024.01.31']);
  expect(within('2024-01-31..')).toEqual(['2024.01.31', '20240201']);
  expect(within('..2023')).toEqual(['20231231']);
});

test('a modality is put into the filter and taken out of it, and the rest stays as typed', () => {
  const once = toggleModality('Liver -modality:SR', 'CT');
  expect(once).toBe('modality:ct Liver -modality:SR');
  const twice = toggleModality(once, 'MR');
  expect(twice).toBe('modality:ct,mr Liver -modality:SR');
  expect([...wantedModalities(twice)]).toEqual(['ct', 'mr']);
  expect(toggleModality(toggleModality(twice, 'CT'), 'MR')).toBe('Liver -modality:SR');
});
