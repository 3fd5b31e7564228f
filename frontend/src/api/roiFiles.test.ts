import { expect, test } from 'vitest';

import { BASE, failure, json, serve } from '../testing/server';
import { Client } from './client';
import type { RoiImport } from './types.gen';

const { roiFiles } = new Client({ base: BASE, token: 's3cret' });

const REPORT: RoiImport = {
  format: 'coco',
  rows: 2,
  matched: { path: 1, sop_instance_uid: 0, name: 0 },
  files: 1,
  added: 1,
  already_there: 0,
  marked: 0,
  unmatched_count: 1,
  unmatched: [{ place: 'annotation 2', reason: 'matches no listed file: 9.png' }],
  left_out_count: 0,
  left_out: [],
  warnings: [],
};

const AS_IT_IS = { name: 'a.json', group: '', isLocked: false, columns: {} };

const ignore = () => undefined;

test('an export has the name that the server gives it, and every byte', async () => {
  const pieces = ['[[10, 20', ', 30, 40]]'].map((text) => new TextEncoder().encode(text));
  const asked = serve(
    () =>
      new Response(new Blob(pieces), {
        headers: { 'Content-Disposition': 'attachment; filename="dcmview-annotations.csv"' },
      }),
  );
  const heard: number[] = [];
  const file = await roiFiles.export('embed', (bytes) => heard.push(bytes));
  expect(asked).toEqual(['api/annotations/export?format=embed']);
  expect(file.name).toBe('dcmview-annotations.csv');
  expect(await file.content.text()).toBe('[[10, 20, 30, 40]]');
  expect(heard.at(-1)).toBe(18);
});

test('a name that leads elsewhere is not taken', async () => {
  serve(
    () =>
      new Response('x', {
        headers: { 'Content-Disposition': 'attachment; filename="../../.bashrc"' },
      }),
  );
  const { name } = await roiFiles.export('json', ignore);
  expect(name).toBe('dcmview-annotations');
});

test('an export that breaks off is no file', async () => {
  const broken = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      controller.error(new TypeError('network error'));
    },
  });
  serve(() => new Response(broken));
  await expect(roiFiles.export('json', ignore)).rejects.toMatchObject({
    isUnreachable: true,
  });
});

test('an import sends the file as it is, and what is wanted of it', async () => {
  const sent: RequestInit[] = [];
  const asked = serve((_, request) => {
    sent.push(request);
    return json(REPORT);
  });
  const content = new Blob(['x1,y1']);
  const outcome = await roiFiles.import(content, {
    name: 'model 7.csv',
    group: 'model 7',
    isLocked: true,
    columns: { file: 'image, path' },
  });
  const [path = '', query = ''] = (asked[0] ?? '').split('?');
  expect(path).toBe('api/annotations/import');
  expect(Object.fromEntries(new URLSearchParams(query))).toEqual({
    name: 'model 7.csv',
    group: 'model 7',
    locked: '1',
    columns: '{"file":"image, path"}',
  });
  expect(sent[0]?.method).toBe('POST');
  expect(sent[0]?.body).toBe(content);
  expect(sent[0]?.headers).toEqual({ 'X-Dcmview-Token': 's3cret' });
  expect(outcome).toEqual({ report: REPORT, notSaved: '' });
});

test('what was added and could not be saved is told with what was added', async () => {
  serve(() => json({ error: 'disk full', code: 'annotations_not_saved', detail: REPORT }, 507));
  const outcome = await roiFiles.import(new Blob([]), AS_IT_IS);
  expect(outcome).toEqual({ report: REPORT, notSaved: 'disk full' });
});

test('a file that is wrong in itself is refused with the reason', async () => {
  serve(() => failure('row 3, column x1: empty', 'invalid_annotation', 400));
  await expect(roiFiles.import(new Blob([]), AS_IT_IS)).rejects.toMatchObject({
    message: 'row 3, column x1: empty',
    code: 'invalid_annotation',
  });
});
