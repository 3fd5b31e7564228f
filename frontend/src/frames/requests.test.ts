import { expect, test } from 'vitest';

import { Requests } from './requests';

/** Requests that end when told to. */
function controlled() {
  const open = new Map<string, (value: string) => void>();
  const started: string[] = [];
  const aborted: string[] = [];
  const requests = new Requests<string, string>(
    (item, signal) =>
      new Promise((resolve, reject) => {
        started.push(item);
        open.set(item, resolve);
        signal.addEventListener('abort', () => {
          aborted.push(item);
          reject(signal.reason as Error);
        });
      }),
    (item) => item,
  );
  async function finish(item: string) {
    open.get(item)?.(item.toUpperCase());
    await new Promise((resolve) => setTimeout(resolve));
  }
  return { requests, started, aborted, finish };
}

test('who asks for the same waits for the same request', async () => {
  const { requests, started, finish } = controlled();
  const both = Promise.all([requests.start('a'), requests.start('a')]);
  await finish('a');
  await expect(both).resolves.toEqual(['A', 'A']);
  expect(started).toEqual(['a']);
});

test('what is not kept is aborted', async () => {
  const { requests, aborted, finish } = controlled();
  const left = requests.start('a');
  const kept = requests.start('b');
  requests.keep(['b', 'c']);
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  await finish('b');
  await expect(kept).resolves.toBe('B');
  expect(aborted).toEqual(['a']);
});

test('an aborted request can be made again', async () => {
  const { requests, started, finish } = controlled();
  requests.start('a').catch(() => undefined);
  requests.keep([]);
  const again = requests.start('a');
  await finish('a');
  await expect(again).resolves.toBe('A');
  expect(started).toEqual(['a', 'a']);
});
