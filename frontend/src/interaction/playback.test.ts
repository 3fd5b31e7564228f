import { expect, test } from 'vitest';

import {
  comingPositions,
  frameTime_ms,
  nextDue_ms,
  nextPlace,
  playableFps,
  RateMeter,
  roundOf,
  type PlayMode,
  type PlayPlace,
} from './playback';

const RANGE = { first: 2, last: 5 };

/** Positions of some steps from a place on. */
function played(mode: PlayMode, steps: number, from: PlayPlace): (number | null)[] {
  const positions: (number | null)[] = [];
  let place: PlayPlace | null = from;
  for (let step = 0; step < steps && place !== null; step++) {
    place = nextPlace(place, RANGE, mode);
    positions.push(place?.position ?? null);
  }
  return positions;
}

test('a loop begins again after the end of its range', () => {
  expect(played('loop', 5, { position: 3, direction: 1 })).toEqual([4, 5, 2, 3, 4]);
});

test('a sweep turns round at both ends and shows them once', () => {
  expect(played('sweep', 8, { position: 4, direction: 1 })).toEqual([5, 4, 3, 2, 3, 4, 5, 4]);
});

test('once stops at the end', () => {
  expect(played('once', 5, { position: 3, direction: 1 })).toEqual([4, 5, null]);
});

test('from outside of its range a cine goes to the start of it', () => {
  for (const mode of ['loop', 'sweep', 'once'] as const) {
    expect(played(mode, 2, { position: 9, direction: -1 })).toEqual([2, 3]);
    expect(played(mode, 2, { position: 0, direction: 1 })).toEqual([2, 3]);
  }
});

test('a range of one frame has nothing to play', () => {
  expect(nextPlace({ position: 3, direction: 1 }, { first: 3, last: 3 }, 'loop')).toBeNull();
});

test('what comes next is listed in the order of play, each position once', () => {
  const from = { position: 4, direction: 1 } as const;
  expect(comingPositions(from, RANGE, 'loop', 60)).toEqual([4, 5, 2, 3]);
  expect(comingPositions(from, RANGE, 'sweep', 60)).toEqual([4, 5, 3, 2]);
  expect(comingPositions(from, RANGE, 'once', 60)).toEqual([4, 5]);
  expect(comingPositions(from, RANGE, 'loop', 2)).toEqual([4, 5]);
});

test('one round of a sweep goes forth and back', () => {
  expect(roundOf(RANGE, 'loop')).toEqual([2, 3, 4, 5]);
  expect(roundOf(RANGE, 'sweep')).toEqual([2, 3, 4, 5, 4, 3]);
  expect(roundOf({ first: 1, last: 2 }, 'sweep')).toEqual([1, 2]);
});

test('times that differ keep their proportions at another rate', () => {
  const pace = { rate: 10, times_ms: [50, 150] };
  expect([0, 1].map((index) => frameTime_ms(10, pace, index))).toEqual([50, 150]);
  expect([0, 1].map((index) => frameTime_ms(20, pace, index))).toEqual([25, 75]);
  expect(frameTime_ms(20, pace, 2)).toBe(50);
  expect(frameTime_ms(4, { rate: 10, times_ms: [] }, 0)).toBe(250);
});

test('a frame that came late delays the rest only after a long wait', () => {
  expect(nextDue_ms(1000, 1003, 100)).toBe(1100);
  expect(nextDue_ms(1000, 1099, 100)).toBe(1100);
  expect(nextDue_ms(1000, 1500, 100)).toBe(1600);
});

test('rates that no screen can play become the nearest that it can', () => {
  expect([0, 0.2, 22.222, 1000, NaN].map(playableFps)).toEqual([1, 1, 22.22, 60, 10]);
});

test('the rate is that of the last second', () => {
  const meter = new RateMeter();
  expect(meter.rate(0)).toBeNull();
  meter.beat(0);
  expect(meter.rate(0)).toBeNull();
  for (let now = 50; now <= 1000; now += 50) meter.beat(now);
  expect(meter.rate(1000)).toBe(20);
  for (let now = 1100; now <= 2100; now += 100) meter.beat(now);
  expect(meter.rate(2100)).toBe(10);
  expect(meter.rate(9000)).toBeNull();
});
