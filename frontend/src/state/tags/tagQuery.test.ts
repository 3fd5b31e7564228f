import { expect, test } from 'vitest';

import { piecesOf, TagQuery } from './tagQuery';

const patient = ['PatientName', 'Patient Name', '(0010,0010)', '00100010', 'Doe^Jane'];

test.each(['patient', 'doe patient', '0010,0010', '0x00100010', "patient's name", 'vr:PN jane'])(
  'an element is found by %s',
  (text) => {
    expect(new TagQuery(text).matches('PN', patient)).toBe(true);
  },
);

test.each(['smith', 'doe smith', 'vr:LO', 'vr:LO jane'])('and not by %s', (text) => {
  expect(new TagQuery(text).matches('PN', patient)).toBe(false);
});

test('spaces alone ask for nothing', () => {
  expect([new TagQuery('  ').isEmpty, new TagQuery('vr:UI').isEmpty]).toEqual([true, false]);
});

test('words are marked wherever they stand, signs of patterns included', () => {
  const marked = (text: string, ...words: string[]) =>
    piecesOf(text, words).map(({ text, isMarked }) => (isMarked ? `[${text}]` : text));
  expect(marked('Patient Name', 'na', 'pat')).toEqual(['[Pat]', 'ient ', '[Na]', 'me']);
  expect(marked('(0010,0010)', '(0010')).toEqual(['[(0010]', ',0010)']);
  expect(marked('a.b-c', '.', '-c')).toEqual(['a', '[.]', 'b', '[-c]']);
  expect(marked('plain')).toEqual(['plain']);
});
