import { expect, test } from 'vitest';

import { Prefetcher, type Errand } from './prefetcher';

function frames(first: number, count: number, size: number | null = null): Errand[] {
  return Array.from({ length: count }, (_, offset) => ({
    ref: { file: 0, frame_index: first + offset },
    size,
  }));
}

/** Batches whose frames come when told to. */
function controlled() {
  const asked: number[][] = [];
  const aborted: number[] = [];
  const sends: (() => void)[] = [];
  const prefetcher = new Prefetcher(async function* (errands, signal) {
    const batch = asked.push(errands.map(({ ref }) => ref.frame_index)) - 1;
    signal.addEventListener('abort', () => aborted.push(batch));
    for (const { ref } of errands) {
      await new Promise<void>((resolve) => sends.push(resolve));
      yield ref;
    }
  });
  async function arrive(count: number) {
    for (let sent = 0; sent < count; sent++) {
      sends.shift()?.();
      await new Promise((resolve) => setTimeout(resolve));
    }
  }
  return { prefetcher, asked, aborted, arrive };
}

test('a long list is worked off batch by batch', async () => {
  const { prefetcher, asked, arrive } = controlled();
  prefetcher.plan(frames(0, 15));
  expect(asked).toEqual([frames(0, 12).map(({ ref }) => ref.frame_index)]);
  await arrive(12);
  expect(asked[1]).toEqual([12, 13, 14]);
});

test('the next batch is asked for before the last has come', async () => {
  const { prefetcher, asked, arrive } = controlled();
  prefetcher.plan(frames(0, 30));
  await arrive(7);
  expect(asked).toHaveLength(1);
  await arrive(1);
  expect(asked[1]).toEqual(frames(12, 12).map(({ ref }) => ref.frame_index));
  // Two at a time, and no more.
  await arrive(1);
  expect(asked).toHaveLength(2);
});

test('reduced and whole frames come in batches of their own', async () => {
  const { prefetcher, asked, arrive } = controlled();
  prefetcher.plan([...frames(0, 3, 256), ...frames(0, 2)]);
  await arrive(3);
  expect(asked).toEqual([
    [0, 1, 2],
    [0, 1],
  ]);
});

test('a whole frame does not wait for its reduced one', () => {
  const { prefetcher } = controlled();
  prefetcher.plan(frames(0, 5, 256));
  expect(prefetcher.arrival({ ref: { file: 0, frame_index: 0 }, size: null })).toBeNull();
});

test('a step leaves the running batch alone', async () => {
  const { prefetcher, asked, aborted, arrive } = controlled();
  prefetcher.plan(frames(1, 12));
  await arrive(3);
  prefetcher.plan(frames(4, 12));
  await arrive(9);
  expect(aborted).toEqual([]);
  // Frames 4 to 12 came with the first batch.
  expect(asked[1]).toEqual([13, 14, 15]);
});

test('a jump aborts the batch and begins another', () => {
  const { prefetcher, asked, aborted } = controlled();
  prefetcher.plan(frames(0, 5));
  prefetcher.plan(frames(200, 2));
  expect(aborted).toEqual([0]);
  expect(asked[1]).toEqual([200, 201]);
});

test('while a frame is waited for no batch begins', async () => {
  const { prefetcher, asked, aborted, arrive } = controlled();
  prefetcher.plan(frames(0, 20));
  prefetcher.hold(frames(0, 20));
  await arrive(12);
  expect([asked.length, aborted.length]).toEqual([1, 0]);
});

test('a frame that is on its way can be waited for', async () => {
  const { prefetcher, arrive } = controlled();
  prefetcher.plan(frames(0, 5));
  const [first, second] = frames(0, 2) as [Errand, Errand];
  expect(prefetcher.arrival(second)).toBeNull();
  const arrival = prefetcher.arrival(first);
  expect(arrival).not.toBeNull();
  await arrive(1);
  await arrival;
});

test('a frame that is waited for in vain is given up with its batch', async () => {
  const { prefetcher } = controlled();
  prefetcher.plan(frames(0, 5));
  const arrival = prefetcher.arrival({ ref: { file: 0, frame_index: 0 }, size: null });
  prefetcher.hold(frames(100, 3));
  await arrival;
});

test('what a batch does not bring is not asked for again and again', async () => {
  let batches = 0;
  // eslint-disable-next-line @typescript-eslint/require-await, require-yield
  const prefetcher = new Prefetcher(async function* () {
    batches += 1;
    throw new Error('busy');
  });
  prefetcher.plan(frames(0, 20));
  await new Promise((resolve) => setTimeout(resolve, 5));
  expect(batches).toBe(2);
});
