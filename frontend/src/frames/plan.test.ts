import { expect, test } from 'vitest';

import { chooseWay, plan, reducedSize, type Outlook } from './plan';

function outlook(change: Partial<Outlook>): Outlook {
  return {
    position: 5,
    length: 10,
    direction: 1,
    way: 'full',
    isFull: () => false,
    isReduced: () => false,
    fullRoom: 100,
    reducedRoom: 100,
    ...change,
  };
}

const reducedAt = (wishes: ReturnType<typeof plan>) =>
  wishes.filter(({ isReduced }) => isReduced).map(({ position }) => position);
const fullAt = (wishes: ReturnType<typeof plan>) =>
  wishes.filter(({ isReduced }) => !isReduced).map(({ position }) => position);

test('frames that come as fast as a held key repeats are fetched in full', () => {
  const conditions = { reducedSeconds: 0.001, stepSeconds: 1 / 30 };
  expect(chooseWay({ ...conditions, fullSeconds: 0.02 })).toBe('full');
  expect(chooseWay({ ...conditions, fullSeconds: 0.07 })).toBe('travel');
  expect(chooseWay({ ...conditions, fullSeconds: null })).toBe('full');
});

test('at ten steps a second frames of 70 ms keep up', () => {
  const conditions = { fullSeconds: 0.07, reducedSeconds: 0.02 };
  expect(chooseWay({ ...conditions, stepSeconds: 0.1 })).toBe('full');
  expect(chooseWay({ ...conditions, stepSeconds: 0.05 })).toBe('travel');
  expect(chooseWay({ ...conditions, stepSeconds: null })).toBe('rest');
});

test('a decoder that is as slow for reduced frames makes them useless', () => {
  const conditions = { fullSeconds: 0.5, stepSeconds: 1 / 30 };
  expect(chooseWay({ ...conditions, reducedSeconds: 0.45 })).toBe('full');
  expect(chooseWay({ ...conditions, reducedSeconds: 0.2 })).toBe('travel');
});

test('the shorter the line, the smaller the frames', () => {
  const frame = { rows: 512, columns: 512, bytes: 2 * 512 * 512 };
  // 45 frames of 128 KiB a second need 5.9 MB/s.
  expect(reducedSize(frame, 6e6)).toBe(256);
  expect(reducedSize(frame, 5.5e6)).toBe(171);
  expect(reducedSize(frame, 2e6)).toBe(128);
  // Below about 96 pixels nobody sees anything.
  expect(reducedSize(frame, 1_000)).toBe(103);
});

test('sizes stay within what the server gives', () => {
  expect(reducedSize({ rows: 40, columns: 30, bytes: 2_400 }, 10)).toBe(32);
  expect(reducedSize({ rows: 9_000, columns: 9_000, bytes: 162e6 }, 1e12)).toBe(2_048);
});

test('full frames come near first, and those that are there are left out', () => {
  const wishes = plan(outlook({ isFull: (position) => position === 6 }));
  expect(reducedAt(wishes)).toEqual([]);
  expect(fullAt(wishes)).toEqual([4, 7, 3, 8, 9, 2, 1, 0]);
});

test('who travels gets what lies ahead, then a little behind, and nothing in full', () => {
  const wishes = plan(outlook({ way: 'travel' }));
  expect(reducedAt(wishes)).toEqual([5, 6, 7, 8, 9, 4, 3, 2, 1, 0]);
  expect(fullAt(wishes)).toEqual([]);
  expect(reducedAt(plan(outlook({ way: 'travel', direction: -1 })))).toEqual([
    5, 4, 3, 2, 1, 0, 6, 7, 8, 9,
  ]);
});

test('in a long stack some frames behind come before those far ahead', () => {
  const wishes = reducedAt(plan(outlook({ way: 'travel', position: 100, length: 300 })));
  expect(wishes.slice(28, 36)).toEqual([128, 129, 99, 98, 97, 96, 130, 131]);
});

test('who rests gets the whole stack reduced, nearest first, then full frames', () => {
  const wishes = plan(outlook({ way: 'rest', isReduced: (position) => position > 7 }));
  expect(reducedAt(wishes)).toEqual([5, 6, 4, 7, 3, 2, 1, 0]);
  expect(fullAt(wishes)).toEqual([6, 4, 7, 3, 8, 9, 2, 1, 0]);
  expect(wishes.findIndex(({ isReduced }) => !isReduced)).toBe(8);
});

test('no more is planned than there is memory for', () => {
  const wishes = plan(outlook({ way: 'rest', fullRoom: 2, reducedRoom: 3 }));
  expect([reducedAt(wishes), fullAt(wishes)]).toEqual([
    [5, 6, 4],
    [6, 4],
  ]);
});
