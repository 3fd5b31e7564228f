import { expect, test } from 'vitest';

import type { VoiWindow } from './recipe';
import { dragWindow } from './windowDrag';

const window: VoiWindow = {
  kind: 'window',
  center: 40,
  width: 400,
  function: 'LINEAR',
  explanation: 'Abdomen',
};

test('a drag to the right widens, one upwards lowers the center and so brightens', () => {
  expect(dragWindow(window, 300, 0)).toMatchObject({ center: 40, width: 1087 });
  expect(dragWindow(window, 0, -300)).toMatchObject({ center: -360, width: 400 });
});

test('the function of the window stays, its name in the file does not', () => {
  const sigmoid = dragWindow({ ...window, function: 'SIGMOID' }, 10, 0);
  expect(sigmoid).toMatchObject({ function: 'SIGMOID', explanation: '' });
});

test('the width never reaches zero, however far the drag', () => {
  expect(dragWindow(window, -1e6, 0).width).toBeGreaterThan(0);
});

test('below a width of one LINEAR becomes LINEAR_EXACT, which allows it', () => {
  expect(dragWindow({ ...window, width: 1 }, -30, 0)).toMatchObject({
    width: 0.905,
    function: 'LINEAR_EXACT',
  });
});
