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

test('the background waits for what is wanted, then runs three at a time', async () => {
  const { requests, started, finish } = controlled();
  const wanted = requests.plan('a', ['b', 'c', 'd', 'e']);
  expect(started).toEqual(['a']);
  await finish('a');
  await expect(wanted).resolves.toBe('A');
  expect(started).toEqual(['a', 'b', 'c', 'd']);
  await finish('c');
  expect(started).toEqual(['a', 'b', 'c', 'd', 'e']);
});

test('a background request that becomes wanted is not made twice', async () => {
  const { requests, started, finish } = controlled();
  requests.plan(null, ['b']);
  const wanted = requests.plan('b', []);
  await finish('b');
  await expect(wanted).resolves.toBe('B');
  expect(started).toEqual(['b']);
});

test('a jump aborts what has left the plan and starts at once', async () => {
  const { requests, started, aborted } = controlled();
  const left = requests.plan('a', ['b']);
  requests.plan('x', ['b']).catch(() => undefined);
  await expect(left).rejects.toMatchObject({ name: 'AbortError' });
  expect(aborted).toEqual(['a']);
  expect(started).toEqual(['a', 'x']);
});

test('an aborted request can be made again', async () => {
  const { requests, started, finish } = controlled();
  requests.plan('a', []).catch(() => undefined);
  requests.plan('b', []).catch(() => undefined);
  const again = requests.plan('a', []);
  await finish('a');
  await expect(again).resolves.toBe('A');
  expect(started).toEqual(['a', 'b', 'a']);
});
