import { expect, test } from 'vitest';

import { takeToken } from './token';

function place(hash: string, stored = new Map<string, string>()) {
  const replaced: string[] = [];
  return {
    replaced,
    location: { hash, pathname: '/proxy/8888/', search: '?a=b' },
    history: {
      replaceState: (_data: unknown, _unused: string, url: string) => void replaced.push(url),
    },
    sessionStorage: {
      getItem: (key: string) => stored.get(key) ?? null,
      setItem: (key: string, value: string) => void stored.set(key, value),
    },
  };
}

test('a token is taken from the link and leaves no trace in the address', () => {
  const page = place('#token=s3cret');
  expect(takeToken(page)).toBe('s3cret');
  expect(page.replaced).toEqual(['/proxy/8888/?a=b']);
});

test('other parts of the link stay', () => {
  const page = place('#file=3&token=s3cret');
  takeToken(page);
  expect(page.replaced).toEqual(['/proxy/8888/?a=b#file=3']);
});

test('a reload finds the token of the tab again', () => {
  const stored = new Map<string, string>();
  takeToken(place('#token=s3cret', stored));
  const reloaded = place('', stored);
  expect(takeToken(reloaded)).toBe('s3cret');
  expect(reloaded.replaced).toEqual([]);
});

test('a page whose storage is closed works with the token of its link', () => {
  const page = place('#token=s3cret');
  const closed = () => {
    throw new DOMException('denied', 'SecurityError');
  };
  const closedPage = { ...page, sessionStorage: { getItem: closed, setItem: closed } };
  expect(takeToken(closedPage)).toBe('s3cret');
  expect(takeToken({ ...closedPage, location: { ...page.location, hash: '' } })).toBeNull();
});
