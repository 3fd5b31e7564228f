import { expect, test } from 'vitest';

import { dragText, readDragText } from './drag';

test('what is dragged out of the list is read where it is dropped', () => {
  expect(readDragText(dragText(3, null))).toEqual({ series: 3, stack: null });
  expect(readDragText(dragText(3, 'series/3/a'))).toEqual({ series: 3, stack: 'series/3/a' });
});

test('what comes from elsewhere is not taken', () => {
  const foreign = ['', 'null', '3', '{"series":"3","stack":null}', '{"series":3}', '<p>text</p>'];
  expect(foreign.map(readDragText)).toEqual(foreign.map(() => null));
});
