import { expect, test } from 'vitest';

import { ByteCache } from './byteCache';

test('what was used longest ago leaves first', () => {
  const cache = new ByteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('b', 'B', 4);
  cache.get('a');
  cache.set('c', 'C', 4);
  expect(['a', 'b', 'c'].map((key) => cache.get(key))).toEqual(['A', undefined, 'C']);
  expect(cache.bytes).toBe(8);
});

test('a value beyond the whole budget is not kept and evicts nothing', () => {
  const cache = new ByteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('huge', 'H', 11);
  expect([cache.has('a'), cache.has('huge')]).toEqual([true, false]);
});

test('a value that is set again is counted once', () => {
  const cache = new ByteCache<string>(10);
  cache.set('a', 'A', 4);
  cache.set('a', 'B', 6);
  expect([cache.get('a'), cache.bytes]).toEqual(['B', 6]);
});
