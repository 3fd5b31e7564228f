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
  const keys = KEYMAP.flatMap(({ keys, contexts = [null] }) =>
    contexts.flatMap((context) => keys.map((key) => [context, key].join())),
  );
  expect(new Set(keys).size).toBe(keys.length);
});

test('while a measurement is selected arrows nudge it, Escape lets go, and the rest stays', () => {
  expect(commandFor(press('ArrowLeft'))).toBe('previous-frame');
  expect(commandFor(press('ArrowLeft'), ['selection'])).toBe('nudge-left');
  expect(commandFor(press('ArrowLeft', { shift: true }), ['selection'])).toBe('nudge-left-far');
  expect(commandFor(press('Escape'), ['selection'])).toBe('let-go');
  expect(commandFor(press('Escape'))).toBeNull();
  expect(commandFor(press('['), ['selection'])).toBe('previous-frame');
});

test('digits label what is selected or drawn next, and choose CT windows otherwise', () => {
  expect(commandFor(press('3'), ['selection'])).toBe('label-3');
  expect(commandFor(press('3'), ['tool'])).toBe('label-3');
  expect(commandFor(press('3'))).toMatch(/^preset-/);
  expect(commandFor(press('0'), ['selection'])).toBe('reset');
});

test('Ctrl and Cmd undo, with Shift they redo', () => {
  expect(commandFor(press('z', { ctrl: true }))).toBe('undo');
  expect(commandFor({ ...press('z'), metaKey: true })).toBe('undo');
  expect(commandFor(press('Z', { ctrl: true, shift: true }))).toBe('redo');
  expect(commandFor(press('z'))).toBe('tool-zoom');
  expect(commandFor(press('z', { ctrl: true }), ['drawing'])).toBe('take-back-point');
});

test('letters work with and without Caps Lock, and Shift tells F from F', () => {
  expect(commandFor(press('f'))).toBe('fit');
  expect(commandFor(press('F', { shift: true }))).toBe('one-to-one');
  expect(commandFor(press('F'))).toBe('fit');
});

test('chords belong to the browser', () => {
  expect(commandFor(press('f', { ctrl: true }))).toBeNull();
});

test('brackets that are typed with AltGr are brackets', () => {
  expect(commandFor(press(']', { altGraph: true }))).toBe('next-frame');
});

test('a key is named only where it means the command', () => {
  expect(keyLabel('previous-frame', ['selection'])).toBe('');
  expect(keyLabel('nudge-left', ['selection'])).toBe('\u2190');
  expect(keyLabel('invert', ['selection'])).toBe('I');
});

test('keys are named as they stand on the keyboard', () => {
  expect(keyLabel('previous-frame')).toBe('\u2190');
  expect(keyLabel('first-frame')).toBe('Home');
});

test('a text field keeps all keys, a slider those that move it, a button those that press it', () => {
  const field = focusedKind({ tagName: 'INPUT', type: 'search' });
  const slider = focusedKind({ tagName: 'INPUT', type: 'range' });
  const button = focusedKind({ tagName: 'BUTTON' });
  expect(keepsKey(field, 'i')).toBe(true);
  expect([keepsKey(slider, 'ArrowLeft'), keepsKey(slider, 'i')]).toEqual([true, false]);
  expect([keepsKey(button, 'Enter'), keepsKey(button, 'ArrowLeft')]).toEqual([true, false]);
});

test('Space presses the focused button, and plays elsewhere', () => {
  expect(commandFor(press(' '))).toBe('toggle-cine');
  const kinds = ['BUTTON', 'A', 'SECTION', 'DIV'].map((tagName) => focusedKind({ tagName }));
  expect(kinds.map((kind) => keepsKey(kind, ' '))).toEqual([true, true, false, false]);
});
