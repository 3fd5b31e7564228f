import { expect, test } from 'vitest';

import { stack } from '../../testing/server';
import { dimensionText, orderText } from './stackText';

const TWO = [
  { file: 0, frame_index: 0 },
  { file: 1, frame_index: 0 },
];

test('a stack says where it leads, or else what ordered it', () => {
  expect(orderText(stack(TWO, { direction: 'head to feet' }))).toBe('head to feet');
  expect(orderText(stack(TWO, { ordered_by: 'name' }))).toBe('by file name');
  expect(orderText(stack(TWO, { ordered_by: 'phase_of_moon' }))).toBe('phase of moon');
});

test('of one image there is no order to speak of', () => {
  expect(orderText(stack(TWO.slice(1), { ordered_by: 'instance_number' }))).toBe('');
});

test('a value of a dimension has its unit, if there is one', () => {
  const values = ['20', '80'];
  const text = (unit: string) => dimensionText({ name: 'Echo Time', unit, values }, 1);
  expect(text('ms')).toEqual({ name: 'Echo Time', value: '80 ms' });
  expect(text('')).toEqual({ name: 'Echo Time', value: '80' });
});
