import { expect, test } from 'vitest';

import { BASE, json, serve } from '../testing/server';
import { Client } from './client';

const list = (index: number) => ({
  index,
  path: 'a',
  sop_instance_uid: '',
  revision: 'r',
  rois: [],
});

test('ROIs of many files come in as many answers as the server needs', async () => {
  const asked: string[] = [];
  serve(
    (path) => {
      asked.push(path);
      const isFirst = path.endsWith('=3,5,9');
      return json(
        isFirst ? { files: [list(3)], next: 1 } : { files: [list(5), list(9)], next: null },
      );
    },
    { isAboutRois: true },
  );
  const found: number[] = [];
  for await (const { index } of new Client({ base: BASE, token: null }).rois.lists([3, 5, 9])) {
    found.push(index);
  }
  expect(found).toEqual([3, 5, 9]);
  expect(asked).toEqual(['api/rois/files?indices=3,5,9', 'api/rois/files?indices=5,9']);
});

test('edits name the revision that they build on', async () => {
  const files = [{ index: 3, revision: 'r-1', operations: [] }];
  serve(
    (path, { method, body }) => {
      expect([method, path, body]).toEqual(['PATCH', 'api/rois', JSON.stringify({ files })]);
      return json({ files: [{ index: 3, status: 412, current: list(3) }] });
    },
    { isAboutRois: true },
  );
  const { rois } = new Client({ base: BASE, token: null });
  expect((await rois.edit(files)).files[0]?.current).toEqual(list(3));
});

test('edits that were made and not saved are told as made', async () => {
  const made = { files: [{ index: 3, status: 200, revision: 'r-2' }], error: 'full', code: 'n' };
  serve(() => json(made, 507), { isAboutRois: true });
  const { rois } = new Client({ base: BASE, token: null });
  expect(await rois.edit([])).toEqual(made);
});

test('a request that is refused as a whole is a failure', async () => {
  serve(() => json({ error: 'no', code: 'bad_request' }, 400), { isAboutRois: true });
  const { rois } = new Client({ base: BASE, token: null });
  await expect(rois.edit([])).rejects.toThrow('no');
});
