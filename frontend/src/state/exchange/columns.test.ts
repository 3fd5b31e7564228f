import { expect, test } from 'vitest';

import { assigned, lacking, meaningOf } from './columns';

test('a column means one thing, and one column means it', () => {
  const first = assigned(assigned({}, 'image', 'file'), 'x0', 'xmin');
  expect(first).toEqual({ file: 'image', xmin: 'x0' });
  expect(assigned(first, 'left', 'xmin')).toEqual({ file: 'image', xmin: 'left' });
  expect(assigned(first, 'x0', 'ymin')).toEqual({ file: 'image', ymin: 'x0' });
  expect(assigned(first, 'image', null)).toEqual({ xmin: 'x0' });
  expect(meaningOf(first, 'x0')).toBe('xmin');
  expect(meaningOf(first, 'score')).toBeNull();
});

test('a table needs a file and a place in it', () => {
  const corners = { xmin: 'a', ymin: 'b', xmax: 'c', ymax: 'd' };
  expect(lacking({})).toContain('names the file, and which have the box');
  expect(lacking(corners)).toContain('names the file');
  expect(lacking({ file: 'f', xmin: 'a', ymin: 'b', xmax: 'c' })).toContain('the box');
  expect(lacking({ ...corners, file: 'f' })).toBe('');
  expect(lacking({ uid: 'u', xmin: 'a', ymin: 'b', width: 'w', height: 'h' })).toBe('');
  expect(lacking({ uid: 'u', x: 'a', y: 'b', width: 'w', height: 'h' })).toBe('');
  expect(lacking({ file: 'f', x: 'a', y: 'b' })).toBe('');
});
