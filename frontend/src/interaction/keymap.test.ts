import { expect, test } from 'vitest';

import { commandFor, focusedKind, keepsKey, KEYMAP, keyLabel } from './keymap';

function press(
  key: string,
  modifiers: { shift?: boolean; ctrl?: boolean; altGraph?: boolean } = {},
) {
  const { shift = false, ctrl = false, altGraph = false } = modifiers;
  return {
    key,
    shiftKey: shift,
    ctrlKey: ctrl || altGraph,
    altKey: altGraph,
    metaKey: false,
    getModifierState: (name: string) => name === 'AltGraph' && altGraph,
  };
}

test('no key means two things', () => {
  const keys = KEYMAP.flatMap((binding) => binding.keys);
  expect(new Set(keys).size).toBe(keys.length);
});

test('letters work with and without Caps Lock, and Shift tells R from R', () => {
  expect(commandFor(press('r'))).toBe('rotate-right');
  expect(commandFor(press('R', { shift: true }))).toBe('rotate-left');
  expect(commandFor(press('R'))).toBe('rotate-right');
});

test('chords belong to the browser', () => {
  expect(commandFor(press('r', { ctrl: true }))).toBeNull();
});

test('brackets that are typed with AltGr are brackets', () => {
  expect(commandFor(press(']', { altGraph: true }))).toBe('next-frame');
});

test('keys are named as they stand on the keyboard', () => {
  expect(keyLabel('rotate-left')).toBe('Shift+R');
  expect(keyLabel('first-frame')).toBe('Home');
});

test('a text field keeps all keys, a slider only those that move it', () => {
  const field = focusedKind({ tagName: 'INPUT', type: 'search' });
  const slider = focusedKind({ tagName: 'INPUT', type: 'range' });
  const button = focusedKind({ tagName: 'BUTTON' });
  expect(keepsKey(field, 'i')).toBe(true);
  expect([keepsKey(slider, 'ArrowLeft'), keepsKey(slider, 'i')]).toEqual([true, false]);
  expect(keepsKey(button, 'ArrowLeft')).toBe(false);
});
