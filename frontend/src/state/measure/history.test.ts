import { expect, test } from 'vitest';

import { beginHistory, record, redo, undo } from './history';

const three = ['b', 'c', 'd'].reduce((history, next) => record(history, next), beginHistory('a'));

test('steps are undone to the beginning and done again to the end', () => {
  expect(three.present).toBe('d');
  const first = undo(undo(undo(three)));
  expect(first.present).toBe('a');
  expect(undo(first)).toBe(first);
  const last = redo(redo(redo(first)));
  expect(last.present).toBe('d');
  expect(redo(last)).toBe(last);
});

test('another step forgets what was undone', () => {
  const other = record(undo(undo(three)), 'x');
  expect(other.present).toBe('x');
  expect(redo(other)).toBe(other);
  expect(undo(other).present).toBe('b');
});

test('steps of one name are undone together, but not with those before an undo', () => {
  const nudged = ['b', 'c', 'd'].reduce(
    (history, next) => record(history, next, 'nudge 7'),
    record(beginHistory('0'), 'a'),
  );
  expect(undo(nudged).present).toBe('a');
  const again = record(undo(nudged), 'e', 'nudge 7');
  expect(undo(again).present).toBe('a');
  expect(undo(record(nudged, 'f', 'nudge 8')).present).toBe('d');
});
