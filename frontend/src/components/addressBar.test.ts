import { afterEach, expect, test, vi } from 'vitest';

import { AddressBar } from './addressBar';

afterEach(() => {
  vi.useRealTimers();
});

function barOf(hash = '') {
  vi.useFakeTimers();
  const written: string[] = [];
  const location = { hash, pathname: '/proxy/8888/', search: '?a=b' };
  const replaceState = (_data: unknown, _unused: string, url: string) => void written.push(url);
  return { written, bar: new AddressBar({ location, history: { state: null, replaceState } }) };
}

test('of many changes only the last is written, once it has stood for a moment', () => {
  const { bar, written } = barOf();
  for (let frame = 0; frame < 20; frame++) {
    bar.show(`file=1&frame=${String(frame)}`);
    vi.advanceTimersByTime(100);
  }
  expect(written).toEqual([]);
  vi.advanceTimersByTime(300);
  expect(written).toEqual(['/proxy/8888/?a=b#file=1&frame=19']);
});

test('what is there already is not written again, and nothing after the end', () => {
  const { bar, written } = barOf('#file=1');
  bar.show('file=1');
  vi.advanceTimersByTime(1_000);
  bar.show('file=2');
  bar.stop();
  vi.advanceTimersByTime(1_000);
  expect(written).toEqual([]);
});
