import { expect, test } from 'vitest';

import { directionLetters, sidesOfLetters, sidesOfPlane } from './orientation';

test('the axes of the patient lead to the left, to posterior and to the head', () => {
  const axes = [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ];
  expect(axes.map(directionLetters)).toEqual(['L', 'P', 'H']);
  const back = axes.map((axis) => axis.map((part) => -part));
  expect(back.map(directionLetters)).toEqual(['R', 'A', 'F']);
});

test('an oblique direction has a letter for each part, the greatest first', () => {
  expect(directionLetters([0.6, -0.7, 0.39])).toBe('ALH');
  expect(directionLetters([0, 0.3, -0.954])).toBe('FP');
});

test('what deviates by less than three degrees has one letter, by more than three has two', () => {
  const tilted = (degrees: number) => {
    const angle = (degrees * Math.PI) / 180;
    return directionLetters([Math.cos(angle), 0, Math.sin(angle)]);
  };
  expect([tilted(2.8), tilted(3)]).toEqual(['L', 'LH']);
});

test('an axial image has the right of the patient at its left', () => {
  expect(sidesOfPlane([1, 0, 0, 0, 1, 0])).toEqual({
    left: 'R',
    right: 'L',
    top: 'A',
    bottom: 'P',
  });
});

test('a sagittal image has the nose at its left', () => {
  expect(sidesOfPlane([0, 1, 0, 0, 0, -1])).toEqual({
    left: 'A',
    right: 'P',
    top: 'H',
    bottom: 'F',
  });
});

test('no letters without an orientation, or with one that is none', () => {
  expect(sidesOfPlane(undefined)).toBeNull();
  expect(sidesOfPlane([1, 0, 0])).toBeNull();
  expect(sidesOfPlane([0, 0, 0, 0, 1, 0])).toBeNull();
  expect(sidesOfPlane([NaN, 0, 0, 0, 1, 0])).toBeNull();
  expect(sidesOfLetters([])).toBeNull();
});

test('Patient Orientation names the right and the lower side', () => {
  expect(sidesOfLetters(['A', 'FR'])).toEqual({ left: 'P', right: 'A', top: 'HL', bottom: 'FR' });
});

test('of letters for animals the opposite is not guessed', () => {
  expect(sidesOfLetters(['CD', 'V'])).toEqual({ left: '', right: 'CD', top: '', bottom: 'V' });
});
