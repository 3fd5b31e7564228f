/** Two pages and a server that keeps ROIs as the contract says. */
import { beforeEach, expect, test, vi } from 'vitest';

import { ApiError, RoiRefused } from '../../api/apiError';
import type { Roi as RoiBody, RoiList, RoiOperations } from '../../api/types.gen';
import { bareRoi, type Roi } from '../../dicom/roi';
import { RoiBook } from './roiBook.svelte';
import { RoiSync } from './roiSync.svelte';

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  return () => vi.useRealTimers();
});

class Server {
  instance = 'one';
  rois: RoiBody[] = [];
  count = 0;
  path = 'a.dcm';
  asked: string[] = [];
  isDown = false;
  isFull = false;

  get list(): RoiList {
    const revision = `${this.instance}-${String(this.count)}`;
    return { index: 0, path: this.path, sop_instance_uid: '1.2', revision, rois: this.rois };
  }

  overview = () => {
    this.#hear('overview');
    const { revision } = this.list;
    const count = this.rois.length;
    const file = { index: 0, revision, count, labels: [], series: 0, frame_count: 1 };
    return Promise.resolve({
      revision: this.count,
      files: this.rois.length > 0 ? [file] : [],
      unlisted_files: 0,
      labels: [],
      saved_in: this.isFull ? 'rois.json' : null,
      unsaved_files: this.count > 0 ? 1 : 0,
      save_error: this.isFull ? 'No space left on device' : '',
    });
  };

  list_ = () => {
    this.#hear('get');
    return Promise.resolve(this.list);
  };

  edit = (_file: number, revision: string, { operations }: RoiOperations) => {
    this.#hear(operations.map(({ op }) => op).join(' '));
    if (revision !== this.list.revision) {
      const failure = new ApiError('stale', 'stale_revision', 412);
      return Promise.reject(new RoiRefused(failure, this.list));
    }
    const put: RoiBody[] = [];
    for (const operation of operations) {
      const id = operation.op === 'remove' ? operation.id : operation.roi.id;
      const rest = this.rois.filter((one) => one.id !== id);
      this.rois = operation.op === 'remove' ? rest : [...rest, operation.roi];
      if (operation.op !== 'remove') put.push(operation.roi);
    }
    this.count += 1;
    if (this.isFull) {
      const failure = new ApiError('No space left on device', 'annotations_not_saved', 507);
      return Promise.reject(new RoiRefused(failure, this.list));
    }
    return Promise.resolve({
      index: 0,
      revision: this.list.revision,
      count: this.rois.length,
      rois: put,
    });
  };

  #hear(what: string): void {
    this.asked.push(what);
    if (this.isDown) throw new ApiError('the server does not answer', 'unreachable', 0);
  }
}

function page() {
  const said: string[] = [];
  const failures: string[] = [];
  const client = {
    overview: () => Promise.resolve().then(server.overview),
    list: () => Promise.resolve().then(server.list_),
    lists: async function* (files: readonly number[]) {
      if (files.length > 0) yield await Promise.resolve().then(server.list_);
    },
    edit: (file: number, revision: string, body: RoiOperations) =>
      Promise.resolve().then(() => server.edit(file, revision, body)),
  };
  const book: RoiBook = new RoiBook((file) => {
    sync.touch(file);
  });
  const sync = new RoiSync(client, book, {
    onFailure: ({ code }) => failures.push(code),
    onProblem: (message) => said.push(message),
  });
  const labels = () => book.of(0).map(({ roi }) => roi.label);
  return { book, sync, said, failures, labels };
}

function named(label: string): Roi {
  return { ...bareRoi({ kind: 'point', points: [{ x: 1, y: 1 }] }, 'all'), id: label, label };
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
}

const onServer = () => server.rois.map(({ label }) => label);

test('edits that follow each other travel together, and are known to be there', async () => {
  const { book, sync } = page();
  book.add(0, [named('a')]);
  book.add(0, [named('b')]);
  expect(sync.isUnsafe).toBe(true);
  await settle();
  expect(server.asked).toEqual(['get', 'add add', 'overview']);
  expect([onServer(), sync.hasUnsent, sync.unsavedFiles]).toEqual([['a', 'b'], false, 1]);
});

test('undo reaches the server like any edit', async () => {
  const { book } = page();
  book.add(0, [named('a')]);
  await settle();
  book.undo(0);
  await settle();
  expect(onServer()).toEqual([]);
});

test('two pages see the edits of both', async () => {
  const [one, two] = [page(), page()];
  one.sync.need([0]);
  two.sync.need([0]);
  await settle();
  one.book.add(0, [named('a')]);
  await settle();
  two.book.add(0, [named('b')]);
  await settle();
  await one.sync.refresh();
  expect([onServer(), one.labels(), two.labels()]).toEqual([
    ['a', 'b'],
    ['a', 'b'],
    ['a', 'b'],
  ]);
  one.book.edit(one.book.of(0).slice(0, 1), { label: 'mine' });
  two.book.edit(two.book.of(0).slice(0, 1), { label: 'theirs' });
  await settle();
  expect(onServer().toSorted()).toEqual(['b', 'mine', 'theirs']);
  expect(two.said.concat(one.said)).toEqual([
    'An ROI was changed here and in another window: both are kept',
  ]);
});

test('what could not be sent is sent when the server is back, even another one with the same files', async () => {
  const { book, sync, failures } = page();
  book.add(0, [named('a')]);
  await settle();
  server.isDown = true;
  book.add(0, [named('b')]);
  await settle();
  expect([failures[0], sync.hasUnsent]).toEqual(['unreachable', true]);
  server.isDown = false;
  Object.assign(server, { instance: 'two', count: 0 });
  await sync.resume();
  await settle();
  expect([onServer(), sync.hasUnsent]).toEqual([['a', 'b'], false]);
});

test('a server with other files gets nothing, and the page says so', async () => {
  const { book, sync, said } = page();
  book.add(0, [named('a')]);
  await settle();
  server.isDown = true;
  book.add(0, [named('b')]);
  await settle();
  Object.assign(server, { isDown: false, instance: 'two', count: 0, path: 'b.dcm', rois: [] });
  await sync.resume();
  await settle();
  expect([onServer(), sync.isUnsafe]).toEqual([[], true]);
  expect(said).toEqual(['ROIs of a.dcm could not be sent: the server lists other files now']);
});

test('what cannot be saved is there all the same, and the server is asked until it is saved', async () => {
  const { book, sync, labels } = page();
  server.isFull = true;
  book.add(0, [named('a')]);
  await settle();
  expect([onServer(), labels(), sync.hasUnsent]).toEqual([['a'], ['a'], false]);
  expect(sync.saveError).toBe('No space left on device');
  server.isFull = false;
  await vi.advanceTimersByTimeAsync(6_000);
  expect(sync.saveError).toBe('');
});
