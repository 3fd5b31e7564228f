import { flushSync } from 'svelte';
import { expect, test } from 'vitest';

import { bareRoi } from '../../dicom/roi';
import {
  BASE,
  detail,
  json,
  lists,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
  stack,
} from '../../testing/server';
import { Session } from '../session';
import { stackItems } from '../rois/roiList';

test('an ROI of a file with many frames is listed once, at its first frame', async () => {
  const frames = [0, 1, 2].map((frame_index) => ({ file: 0, frame_index }));
  const list = seriesList([series(0, { frame_count: 3 })]);
  const listed = lists(list, [detail(series(0), [0], [stack(frames)])]);
  serve((path) => {
    if (path.endsWith('/recipe')) return json(recipe());
    return listed(path) ?? rawFrame([10, 20, 30, 40, 50, 60]);
  });
  const session = new Session({ base: BASE, token: null });
  await session.start();
  while (session.viewer.isLoading || session.navigator.isOpening) {
    await new Promise((resolve) => setTimeout(resolve));
  }
  const point = { kind: 'point' as const, points: [{ x: 1, y: 1 }] };
  session.rois.add(0, [bareRoi(point, 'all'), bareRoi(point, [1, 2])]);
  flushSync();
  expect(stackItems(session).map(({ frame_number }) => frame_number)).toEqual([1, 2]);
});
