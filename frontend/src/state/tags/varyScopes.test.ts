import { expect, test } from 'vitest';

import { fileRanges, parsedChoice, scopesOf } from './varyScopes';

const context = { series: 2, files: [4, 5, 6, 9], framesOf: null, panes: [4], choice: '' };

test('a series is asked for as such, chosen images by their files', () => {
  expect(scopesOf({ ...context, choice: '1-2,4' }).map(({ over }) => over)).toEqual([
    { series: '2' },
    { files: '4-5,9' },
  ]);
});

test('a file with several frames is looked into first', () => {
  const [first, ...others] = scopesOf({ ...context, files: [7], framesOf: 7 });
  expect(first).toMatchObject({ id: 'frames', over: { file: '7' } });
  expect(others.map(({ id }) => id)).toEqual(['series']);
});

test('files on screen are offered where there are several', () => {
  expect(scopesOf({ ...context, panes: [9, 4, 9] }).at(-1)).toMatchObject({
    id: 'panes',
    over: { files: '9,4' },
  });
});

test('a choice is read as positions from 1, nothing as all', () => {
  expect(parsedChoice('3, 1-2;2', 4)).toEqual([0, 1, 2]);
  expect(parsedChoice(' ', 3)).toEqual([0, 1, 2]);
});

test.each(['0', '5', '3-1', '1-', 'x', '1-99999999999'])('%s is no choice of four', (choice) => {
  expect(parsedChoice(choice, 4)).toBeNull();
  expect(scopesOf({ ...context, choice })[1]?.over).toBeNull();
});

test('files in a row are written as ranges, in their order', () => {
  expect(fileRanges([3, 4, 5, 2, 9, 10])).toBe('3-5,2,9-10');
});
