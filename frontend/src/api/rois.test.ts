import { expect, test } from 'vitest';

import { BASE, json, serve } from '../testing/server';
import { Client } from './client';
import { RoiRefused } from './apiError';

const list = (index: number) => ({
  index,
  path: 'a',
  sop_instance_uid: '',
  revision: 'r',
  rois: [],
});

test('ROIs of many files come in as many answers as the server needs', async () => {
  const asked: string[] = [];
  serve((path) => {
    asked.push(path);
    const isFirst = path.endsWith('=3,5,9');
    return json(
      isFirst ? { files: [list(3)], next: 1 } : { files: [list(5), list(9)], next: null },
    );
  });
  const found: number[] = [];
  for await (const { index } of new Client({ base: BASE, token: null }).rois.lists([3, 5, 9])) {
    found.push(index);
  }
  expect(found).toEqual([3, 5, 9]);
  expect(asked).toEqual(['api/rois/files?indices=3,5,9', 'api/rois/files?indices=5,9']);
});

test('an edit names the revision it builds on, and a refusal brings what there is', async () => {
  serve(
    (_, request) => {
      expect(new Headers(request.headers).get('If-Match')).toBe('"r-1"');
      return json({ error: 'stale', code: 'stale_revision', current: list(0) }, 412);
    },
    { isAboutRois: true },
  );
  const { rois } = new Client({ base: BASE, token: null });
  const refusal = await rois.edit(0, 'r-1', { operations: [] }).catch((reason: unknown) => reason);
  expect(refusal).toBeInstanceOf(RoiRefused);
  expect((refusal as RoiRefused).current).toEqual(list(0));
});
