import { expect, test, vi } from 'vitest';

import { inSlices } from './slices';

/** Steps that take a millisecond each. */
function* slowSteps(count: number, onStep: () => void): Generator<void> {
  for (let step = 0; step < count; step++) {
    const until = performance.now() + 1;
    while (performance.now() < until);
    onStep();
    yield;
  }
}

test('short work is done at once', () => {
  const steps = vi.fn<() => void>();
  expect(inSlices(slowSteps(3, steps), new AbortController().signal)).toBeNull();
  expect(steps).toHaveBeenCalledTimes(3);
});

test('long work leaves room for others and is done in the end', async () => {
  const steps = vi.fn<() => void>();
  let turns = 0;
  const others = setInterval(() => (turns += 1));
  await inSlices(slowSteps(200, steps), new AbortController().signal);
  clearInterval(others);
  expect(steps).toHaveBeenCalledTimes(200);
  expect(turns).toBeGreaterThan(1);
});

test('work that nobody wants any more is given up', async () => {
  const steps = vi.fn<() => void>();
  const controller = new AbortController();
  const work = inSlices(slowSteps(200, steps), controller.signal);
  controller.abort();
  await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  expect(steps.mock.calls.length).toBeLessThan(200);
});
