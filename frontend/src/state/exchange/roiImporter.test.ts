import { expect, test } from 'vitest';

import { ApiError } from '../../api/apiError';
import type { ImportChoice, ImportOutcome } from '../../api/roiFiles';
import type { RoiImport, RoiTableHead } from '../../api/types.gen';
import { RoiImporter } from './roiImporter.svelte';

const REPORT: RoiImport = {
  format: 'coco',
  rows: 1,
  matched: { path: 1, sop_instance_uid: 0, name: 0 },
  files: 1,
  added: 1,
  already_there: 0,
  marked: 0,
  unmatched_count: 0,
  unmatched: [],
  left_out_count: 0,
  left_out: [],
  warnings: [],
};

const HEAD: RoiTableHead = {
  format: 'table',
  columns: ['image', 'x0', 'y0', 'x9', 'y9'],
  known: [{ what: 'file', column: 'image' }],
  rows: [['a.dcm', '1', '2', '3', '4']],
};

/** An importer, and what it has sent. */
function importer(
  answer: (name: string) => Promise<ImportOutcome> = () =>
    Promise.resolve({ report: REPORT, notSaved: '' }),
) {
  const sent: ImportChoice[] = [];
  const told: string[] = [];
  const made = new RoiImporter(
    {
      columns: (_, name) =>
        Promise.resolve(name.startsWith('ours') ? { ...HEAD, columns: [] } : HEAD),
      import: (_, choice) => {
        sent.push(choice);
        return answer(choice.name);
      },
    },
    (failure) => told.push(failure.code),
    () => told.push('imported'),
  );
  return { made, sent, told };
}

const file = (name: string, text: string) => ({ name, content: new Blob([text]) });

test('files are asked about, sent one by one, and told of', async () => {
  const { made, sent, told } = importer();
  await made.offer([file('a.json', '{"images": []}'), file('ours.csv', 'path,kind\n')]);
  expect(made.stage).toBe('asking');
  expect(made.lacking).toBe('');
  await made.send();
  expect(made.stage).toBe('told');
  expect(sent).toEqual([
    { name: 'a.json', group: '', isLocked: false, columns: {} },
    { name: 'ours.csv', group: '', isLocked: false, columns: {} },
  ]);
  expect(made.outcomes.map(({ outcome }) => outcome?.report.added)).toEqual([1, 1]);
  expect(told).toEqual(['imported']);
});

test('predictions go to a layer of their own, called after the file or as somebody likes', async () => {
  const { made, sent } = importer();
  await made.offer([file('model 7.json', '{}'), file('model 8.json', '{}')]);
  made.isLayer = true;
  const [first] = made.candidates;
  if (first) first.layer = ' best ';
  await made.send();
  expect(sent.map(({ group, isLocked }) => [group, isLocked])).toEqual([
    ['best', true],
    ['model 8', true],
  ]);
});

test('tables of another program wait until it is said what their columns are', async () => {
  const { made, sent } = importer();
  await made.offer([file('a.csv', 'image,x0,y0,x9,y9\n'), file('b.csv', 'image,x0,y0,x9,y9\n')]);
  expect(made.lacking).toContain('the box');
  const [table] = made.candidates;
  if (!table) throw new Error('no table');
  made.assign(table, 'x0', 'xmin');
  made.assign(table, 'y0', 'ymin');
  made.assign(table, 'x9', 'xmax');
  made.assign(table, 'y9', 'ymax');
  expect(made.lacking).toBe('');
  await made.send();
  const columns = { file: 'image', xmin: 'x0', ymin: 'y0', xmax: 'x9', ymax: 'y9' };
  expect(sent.map((choice) => choice.columns)).toEqual([columns, columns]);
});

test('what cannot be a file of ROIs is not sent, and told with the others', async () => {
  const { made, sent } = importer();
  await made.offer([
    { name: 'folder', content: null },
    file('empty.json', ''),
    file('good.json', '{}'),
  ]);
  expect(made.usable.map(({ name }) => name)).toEqual(['good.json']);
  await made.send();
  expect(sent.map(({ name }) => name)).toEqual(['good.json']);
  expect(made.outcomes.map(({ failure }) => failure?.message)).toEqual([
    'This is a folder. Choose the files in it.',
    'The file is empty.',
    undefined,
  ]);
});

test('a refusal of the server is told, and the next file is sent all the same', async () => {
  const { made, told } = importer((name) =>
    name === 'bad.json'
      ? Promise.reject(new ApiError('not JSON of ROIs', 'invalid_annotation', 400))
      : Promise.resolve({ report: REPORT, notSaved: '' }),
  );
  await made.offer([file('bad.json', '{'), file('good.json', '{}')]);
  await made.send();
  expect(made.outcomes.map(({ failure }) => failure?.code)).toEqual([
    'invalid_annotation',
    undefined,
  ]);
  expect(told).toEqual(['invalid_annotation', 'imported']);
});

test('what became of the last files can be told again', async () => {
  const { made } = importer();
  made.tellAgain();
  expect(made.stage).toBe('closed');
  await made.offer([file('a.json', '{}')]);
  await made.send();
  made.close();
  expect(made.stage).toBe('closed');
  made.tellAgain();
  expect(made.stage).toBe('told');
});

test('what was left out when the server started can be told at any time', () => {
  const { made } = importer();
  expect(made.hasNews).toBe(false);
  made.warnings = ['truth.csv: row 3 left out: outside the image'];
  made.tellAgain();
  expect(made.stage).toBe('told');
});

test('files that are not sent any more are told as stopped', async () => {
  const { made, sent } = importer((name) => {
    if (name === 'a.json') made.close();
    return Promise.resolve({ report: REPORT, notSaved: '' });
  });
  await made.offer([file('a.json', '{}'), file('b.json', '{}')]);
  await made.send();
  expect(sent.map(({ name }) => name)).toEqual(['a.json']);
  expect(made.outcomes[1]?.failure?.message).toContain('Stopped');
});
