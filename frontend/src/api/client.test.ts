import { expect, test } from 'vitest';

import {
  BASE,
  failure,
  json,
  rawFrame,
  serve,
  series,
  seriesList,
  stream,
} from '../testing/server';
import { ApiError } from './apiError';
import { Client } from './client';

const client = new Client({ base: BASE, token: null });

const RETRY_AT_ONCE = { 'Retry-After': '0' };

test('the API is found below the prefix of the page', async () => {
  const asked = serve(() => json({}));
  await client.health();
  expect(asked).toEqual(['api/health']);
});

test('the token goes with every request, in a header', async () => {
  const sent: unknown[] = [];
  serve((_, { headers }) => {
    sent.push(headers);
    return json({});
  });
  await new Client({ base: BASE, token: 's3cret' }).health();
  expect(sent).toEqual([{ 'X-Dcmview-Token': 's3cret' }]);
});

test('a refusal carries the message, the code and the status of the server', async () => {
  serve(() => failure('frame 7 is out of range', 'frame_out_of_range', 404));
  await expect(client.rawFrame({ file: 0, frame_index: 7 })).rejects.toMatchObject({
    message: 'frame 7 is out of range',
    code: 'frame_out_of_range',
    status: 404,
  });
});

test('a refusal of a proxy, in HTML, still says what happened', async () => {
  serve(() => new Response('<h1>Too large</h1>', { status: 413, statusText: 'Content Too Large' }));
  await expect(client.health()).rejects.toMatchObject({
    message: 'the server answered 413 Content Too Large',
    code: 'http_error',
  });
});

test('a server that is gone is told apart from one that refuses', async () => {
  serve(() => Promise.reject(new TypeError('Failed to fetch')));
  const reason: unknown = await client.health().catch((error: unknown) => error);
  expect(reason).toBeInstanceOf(ApiError);
  expect((reason as ApiError).isUnreachable).toBe(true);
});

test('a proxy that finds no server behind it means that it is gone', async () => {
  serve(() => new Response('<h1>Bad gateway</h1>', { status: 502 }));
  await expect(client.health()).rejects.toMatchObject({ isUnreachable: true });
});

test('a server that is busy is still there', async () => {
  serve(() => failure('too much to do', 'busy', 503));
  await expect(client.health()).rejects.toMatchObject({ isUnreachable: false, code: 'busy' });
});

test('a busy server is asked again when it says so', async () => {
  const asked = serve(() =>
    asked.length < 3
      ? Response.json({ error: 'too much', code: 'busy' }, { status: 503, headers: RETRY_AT_ONCE })
      : json({}),
  );
  await client.health();
  expect(asked).toHaveLength(3);
});

test('what nobody waits for does not press a busy server', async () => {
  const asked = serve(() =>
    Response.json({ error: 'too much', code: 'busy' }, { status: 503, headers: RETRY_AT_ONCE }),
  );
  const batch = client.rawFrames([{ file: 0, frame_index: 0 }], null);
  await expect(batch.next()).rejects.toMatchObject({ code: 'busy' });
  expect(asked).toHaveLength(1);
});

test('an abort ends the waiting for a busy server', async () => {
  serve(() =>
    Response.json({ error: '', code: 'busy' }, { status: 503, headers: { 'Retry-After': '9' } }),
  );
  const controller = new AbortController();
  const pending = client.rawFrame({ file: 0, frame_index: 0 }, { signal: controller.signal });
  setTimeout(() => controller.abort(), 5);
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
});

test('an abort stays an abort', async () => {
  serve(() => rawFrame([0, 1, 2, 3, 4, 5]));
  const controller = new AbortController();
  const pending = client.rawFrame({ file: 0, frame_index: 0 }, { signal: controller.signal });
  controller.abort();
  await expect(pending).rejects.toMatchObject({ name: 'AbortError' });
});

test('a part of an element is asked for by its path', async () => {
  const asked = serve(() => json({}));
  await client.tagSlice(3, '52009230/0/00289132', { offset: 100, limit: 50 });
  expect(asked).toEqual(['api/file/3/tags?path=52009230%2F0%2F00289132&offset=100&limit=50']);
});

test('the list comes line by line, from where the page has it', async () => {
  const asked = serve(() => stream(seriesList([series(0)]), seriesList([series(1)])));
  const found: number[] = [];
  for await (const list of client.followSeries(7)) {
    found.push(...list.series.map(({ index }) => index));
  }
  expect([asked, found]).toEqual([['api/series?follow=1&since=7'], [0, 1]]);
});

test('a list that breaks off is a server that is gone, one that is not JSON a bad answer', async () => {
  serve(() => new Response('{"revision":'));
  await expect(client.followSeries(0).next()).rejects.toMatchObject({ isUnreachable: true });
  serve(() => new Response('<h1>Welcome</h1>\n'));
  await expect(client.followSeries(0).next()).rejects.toMatchObject({ code: 'bad_answer' });
});

test('an abort ends the list', async () => {
  const controller = new AbortController();
  serve(() => stream(seriesList([series(0)])));
  const line = client.followSeries(0, controller.signal).next();
  controller.abort();
  await expect(line).rejects.toMatchObject({ name: 'AbortError' });
});

test('a part of the report is asked for by the way in which paths ended', async () => {
  const asked = serve(() => json({}));
  await client.report('unreadable', { offset: 500, limit: 500 });
  expect(asked).toEqual(['api/report?end=unreadable&offset=500&limit=500']);
});
