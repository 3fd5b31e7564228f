/** Two pages and a server that keeps ROIs as the contract says. */
import { beforeEach, expect, test, vi } from 'vitest';

import { ApiError } from '../../api/apiError';
import type {
  Roi as RoiBody,
  RoiFileOperations,
  RoiFileOutcome,
  RoiList,
} from '../../api/types.gen';
import { bareRoi, type Roi } from '../../dicom/roi';
import { RoiBook } from './roiBook.svelte';
import { RoiSync } from './roiSync.svelte';

let server: Server;

beforeEach(() => {
  vi.useFakeTimers();
  server = new Server();
  return () => vi.useRealTimers();
});

/** One file as the server has it. */
class ServedFile {
  readonly index: number;
  path: string;
  rois: RoiBody[] = [];
  count = 0;

  constructor(index: number) {
    this.index = index;
    this.path = `${'abc'[index] ?? 'z'}.dcm`;
  }
}

class Server {
  instance = 'one';
  readonly files = [0, 1, 2].map((index) => new ServedFile(index));
  asked: string[] = [];
  isDown = false;
  isFull = false;
  isSlow = false;
  /** The label of an ROI that it does not take. */
  disliked = '';

  /** The first file. */
  get rois(): RoiBody[] {
    return this.files[0]?.rois ?? [];
  }

  overview = () => {
    this.#hear('overview');
    const edited = this.files.filter(({ count }) => count > 0);
    return Promise.resolve({
      revision: edited.length,
      files: edited.map((file) => ({
        index: file.index,
        revision: this.#revisionOf(file),
        count: file.rois.length,
        labels: [],
        series: 0,
        frame_count: 1,
      })),
      unlisted_files: 0,
      labels: [],
      saved_in: this.isFull ? 'rois.json' : null,
      unsaved_files: edited.length,
      save_error: this.isFull ? 'No space left on device' : '',
    });
  };

  lists = (indices: readonly number[]) => {
    this.#hear(`get ${indices.join(' ')}`);
    return indices.map((index) => this.#list(index));
  };

  edit = (edits: readonly RoiFileOperations[]) => {
    this.#hear(
      edits
        .map(
          ({ index, operations }) =>
            `${String(index)}: ${operations.map(({ op }) => op).join(' ')}`,
        )
        .join(', '),
    );
    const files = edits.map((each) => this.#outcome(each));
    const error = this.isFull ? { error: 'No space left on device' } : {};
    return Promise.resolve({ files, ...error });
  };

  #outcome({ index, revision, operations }: RoiFileOperations): RoiFileOutcome {
    const file = this.#file(index);
    if (revision !== this.#revisionOf(file)) {
      return { index, status: 412, error: 'stale', current: this.#list(index) };
    }
    const put = operations.flatMap((operation) =>
      operation.op === 'remove' ? [] : [operation.roi],
    );
    if (put.some(({ label }) => label === this.disliked)) {
      return { index, status: 400, error: `no ${this.disliked}` };
    }
    for (const operation of operations) {
      const id = operation.op === 'remove' ? operation.id : operation.roi.id;
      const rest = file.rois.filter((one) => one.id !== id);
      file.rois = operation.op === 'remove' ? rest : [...rest, operation.roi];
    }
    file.count += 1;
    return { index, status: 200, revision: this.#revisionOf(file), count: 0, rois: put };
  }

  #list(index: number): RoiList {
    const file = this.#file(index);
    const { path, rois } = file;
    return { index, path, sop_instance_uid: '1.2', revision: this.#revisionOf(file), rois };
  }

  #file(index: number): ServedFile {
    const file = this.files[index];
    if (file === undefined) throw new ApiError(`no file ${String(index)}`, 'not_found', 404);
    return file;
  }

  #revisionOf({ count }: ServedFile): string {
    return `${this.instance}-${String(count)}`;
  }

  #hear(what: string): void {
    this.asked.push(what);
    if (this.isDown) throw new ApiError('the server does not answer', 'unreachable', 0);
  }

  /** Another one in its place, which has read what the first one saved. */
  restart(): void {
    this.isDown = false;
    this.instance = 'two';
    for (const file of this.files) file.count = 0;
  }
}

function page() {
  const said: string[] = [];
  let told = 0;
  const failures: string[] = [];
  const client = {
    overview: () => Promise.resolve().then(server.overview),
    lists: async function* (files: readonly number[]) {
      await Promise.resolve();
      const lists = structuredClone(server.lists(files));
      if (server.isSlow) await new Promise((resolve) => setTimeout(resolve, 500));
      yield* lists;
    },
    edit: (files: readonly RoiFileOperations[]) => Promise.resolve().then(() => server.edit(files)),
  };
  const book: RoiBook = new RoiBook((file) => {
    sync.touch(file);
  });
  const sync = new RoiSync(client, book, {
    onFailure: ({ code }) => failures.push(code),
    onProblem: (message) => said.push(message),
    onSent: () => (told += 1),
  });
  const labels = () => book.of(0).map(({ roi }) => roi.label);
  return { book, sync, said, failures, labels, timesTold: () => told };
}

function named(label: string): Roi {
  return { ...bareRoi({ kind: 'point', points: [{ x: 1, y: 1 }] }, 'all'), id: label, label };
}

async function settle(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
}

const onServer = () => server.rois.map(({ label }) => label);

test('edits that follow each other travel together, and are known to be there', async () => {
  const { book, sync, timesTold } = page();
  book.add(0, [named('a')]);
  book.add(0, [named('b')]);
  expect(sync.isUnsafe).toBe(true);
  await settle();
  expect(timesTold()).toBe(1);
  expect(server.asked).toEqual(['get 0', '0: add add', 'overview']);
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
  server.restart();
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
  server.restart();
  Object.assign(server.files[0] ?? {}, { path: 'b.dcm', rois: [] });
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

test('edits of many files travel in one request', async () => {
  const { book, sync } = page();
  for (const file of [0, 1, 2]) book.add(file, [named('a')]);
  expect(sync.unsentFiles).toBe(3);
  await settle();
  expect(server.asked).toEqual(['get 0 1 2', '0: add, 1: add, 2: add', 'overview']);
  expect(server.files.map(({ rois }) => rois.length)).toEqual([1, 1, 1]);
  expect(sync.unsentFiles).toBe(0);
});

test('an edit that is refused does not hold up those of other files', async () => {
  const { book, sync, said } = page();
  server.disliked = 'bad';
  book.add(0, [named('bad')]);
  book.add(1, [named('good')]);
  await settle();
  expect(server.files.map(({ rois }) => rois.length)).toEqual([0, 1, 0]);
  expect([said, sync.refusedFiles, sync.isUnsafe]).toEqual([['no bad'], 1, true]);
  // Another edit of it is another try.
  book.edit(book.of(0), { label: 'better' });
  await settle();
  expect([onServer(), sync.refusedFiles]).toEqual([['better'], 0]);
});

test('a file that the server does not know any more does not hold up the others', async () => {
  const { book, sync, said } = page();
  for (const file of [0, 7, 1]) book.add(file, [named('a')]);
  await settle();
  expect(server.files.map(({ rois }) => rois.length)).toEqual([1, 1, 0]);
  expect([said, sync.unsentFiles]).toEqual([['no file 7'], 1]);
});

test('an answer that an edit has overtaken takes nothing back', async () => {
  const { book, sync, labels } = page();
  book.add(0, [named('a')]);
  await settle();
  const theirs = page();
  await theirs.sync.refresh();
  theirs.sync.need([0]);
  await settle();
  theirs.book.add(0, [named('b')]);
  await settle();
  // The question is answered late, with what there was when it was asked.
  server.isSlow = true;
  sync.need([0]);
  const refreshed = sync.refresh();
  await vi.advanceTimersByTimeAsync(50);
  server.isSlow = false;
  book.add(0, [named('c')]);
  await settle();
  await refreshed;
  expect(labels().toSorted()).toEqual(['a', 'b', 'c']);
  expect(onServer().toSorted()).toEqual(['a', 'b', 'c']);
});
