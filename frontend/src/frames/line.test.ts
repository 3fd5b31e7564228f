import { expect, test } from 'vitest';

import { Pace } from './pace';
import { Throughput } from './throughput';

test('steps that follow each other are a journey with a pace', () => {
  const pace = new Pace();
  pace.step(1_000);
  expect(pace.secondsAt(1_000)).toBeNull();
  pace.step(1_040);
  pace.step(1_080);
  expect(pace.secondsAt(1_090)).toBeCloseTo(0.04);
});

test('who stops for a quarter of a second stands still, and so begins anew', () => {
  const pace = new Pace();
  pace.step(0);
  pace.step(40);
  expect(pace.secondsAt(300)).toBeNull();
  pace.step(400);
  expect(pace.secondsAt(400)).toBeNull();
});

test('a rate follows the newest answers', () => {
  const line = new Throughput();
  expect(line.full).toBeNull();
  line.note({ bytes: 1e6, seconds: 0.5, kind: 'full' });
  expect(line.full).toBeCloseTo(2e6);
  for (let count = 0; count < 10; count++) {
    line.note({ bytes: 1e6, seconds: 0.1, kind: 'full' });
  }
  expect(line.full).toBeGreaterThan(9e6);
});

test('one fast answer does not make a slow line fast', () => {
  const line = new Throughput();
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  line.note({ bytes: 1e6, seconds: 0.001, kind: 'full' });
  expect(line.full).toBeLessThan(2e6);
});

test('small answers say nothing of the line', () => {
  const line = new Throughput();
  line.note({ bytes: 1_000, seconds: 1, kind: 'full' });
  expect(line.full).toBeNull();
});

test('reduced frames are taken to come a little slower, until they are measured', () => {
  const line = new Throughput();
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  expect(line.reduced).toBeCloseTo(0.75e6);
  for (let count = 0; count < 20; count++) line.note({ bytes: 1e6, seconds: 2, kind: 'reduced' });
  expect(line.full).toBeCloseTo(1e6);
  expect((line.reduced ?? 0) / 0.5e6).toBeCloseTo(1);
});

test('a line that halts once while reduced frames come is not slow for them', () => {
  const line = new Throughput();
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  line.note({ bytes: 1e6, seconds: 60, kind: 'reduced' });
  // A quarter of the bytes, and well below the time of a full frame.
  expect(0.25e6 / (line.reduced ?? 0)).toBeLessThan(0.55);
});

test('reduced frames that were slow are tried again after many full ones', () => {
  const line = new Throughput();
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  for (let count = 0; count < 4; count++) line.note({ bytes: 1e6, seconds: 9, kind: 'reduced' });
  const slow = line.reduced ?? 0;
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  expect((line.reduced ?? 0) / slow).toBeLessThan(1.1);
  for (let count = 0; count < 200; count++) line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  expect((line.reduced ?? 0) / 0.75e6).toBeGreaterThan(0.9);
});

test('the script of the page is a guess until a frame is there', () => {
  const line = new Throughput();
  line.note({ bytes: 2e5, seconds: 0.1, kind: 'script' });
  expect([line.full, line.guess]).toEqual([null, 2e6]);
  line.note({ bytes: 1e6, seconds: 1, kind: 'full' });
  expect([line.full, line.guess]).toEqual([1e6, 1e6]);
});
