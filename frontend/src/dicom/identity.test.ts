import { expect, test } from 'vitest';

import { isIdentifying } from './identity';

test.each([
  ['(0010,0010)', 'PN', true],
  ['(0010,0020)', 'LO', true],
  ['(0010,1010)', 'AS', true],
  ['(0008,0090)', 'PN', true],
  ['(0008,0020)', 'DA', true],
  ['(0008,0050)', 'SH', true],
  ['(0008,0060)', 'CS', false],
  ['(0008,103E)', 'LO', false],
  ['(0028,0010)', 'US', false],
  ['(7FE0,0010)', 'OW', false],
])('%s %s', (tag, vr, expected) => {
  expect(isIdentifying({ tag, vr })).toBe(expected);
});
