/** Two pages and a server that keeps marks as the contract says. */
import { beforeEach, expect, test, vi } from 'vitest';

import { ApiError } from '../../api/apiError';
import type { SeriesDetail, TriageChange, TriageMark } from '../../api/types.gen';
import { detail, series } from '../../testing/server';
import { MarkBook } from './markBook.svelte';
import { seriesName, TriageSync } from './triageSync.svelte';

const SERIES = 4;
const FILES = [10, 11, 12];
const DETAIL = detail(series(SERIES), FILES);
const ROW = DETAIL.series;
const NAMES = {
  series: seriesName(ROW),
  files: new Map(FILES.map((file) => [file, `/data/${String(file)}.dcm`])),
};

let server: Server;

beforeEach(() => {
  server = new Server();
});

class Server {
  readonly #marks = new Map<number, TriageMark & { revision: number }>();
  revision = 0;
  asked: string[] = [];
  isDown = false;
  /** What the next changes are answered with. */
  refusal: ApiError | null = null;
  detail: SeriesDetail = DETAIL;

  marks = {
    overview: (since: number) => {
      this.#hear(`since ${String(since)}`);
      return Promise.resolve(this.#overview(since));
    },
    change: (change: TriageChange, since: number) => {
      this.#hear(JSON.stringify(change));
      if (this.refusal !== null && this.refusal.status !== 507) return Promise.reject(this.refusal);
      this.revision += 1;
      for (const index of change.files ?? FILES) {
        const { mark, note } = this.#marks.get(index) ?? { mark: '', note: '' };
        this.#marks.set(index, {
          index,
          series: SERIES,
          mark: change.mark === undefined ? mark : (change.mark ?? ''),
          note: change.note ?? note,
          modified: '',
          revision: this.revision,
        });
      }
      if (this.refusal !== null) return Promise.reject(this.refusal);
      return Promise.resolve(this.#overview(since));
    },
  };

  series = () => {
    this.#hear('series');
    return Promise.resolve(this.detail);
  };

  /** Starts anew, with nothing. */
  restart(): void {
    this.#marks.clear();
    this.revision = 0;
  }

  get verdicts(): string[] {
    return FILES.map((file) => this.#marks.get(file)?.mark ?? '');
  }

  #overview(since: number) {
    const marks = [...this.#marks.values()].filter(({ revision }) => revision > since);
    const counts = { keep: 0, reject: 0, unsure: 0 };
    return { revision: this.revision, marks, counts, images: 3, unlisted_files: 0 };
  }

  #hear(what: string): void {
    if (this.isDown) throw new ApiError('the server does not answer', 'unreachable', 0);
    this.asked.push(what);
  }
}

function page() {
  const book = new MarkBook();
  const problems: string[] = [];
  const onFailure = vi.fn();
  const onSent = vi.fn();
  const sync = new TriageSync(server, book, {
    onFailure,
    onProblem: (message) => problems.push(message),
    onSent,
  });
  const mark = (verdict: 'keep' | 'reject' | 'unsure' | '', files: number[] | null = null) => {
    sync.send([{ series: SERIES, files, parts: { verdict } }], NAMES);
  };
  return { book, sync, mark, problems, onFailure, onSent };
}

test('a mark counts on the page before the server has heard of it', async () => {
  const { book, sync, mark, onSent } = page();
  mark('keep');
  mark('unsure', [11]);
  expect(sync.hasUnsent).toBe(true);
  expect(book.standing(ROW).counts).toEqual({ keep: 2, reject: 0, unsure: 1 });
  await sync.drain();
  expect(sync.hasUnsent).toBe(false);
  expect(server.asked).toEqual(['{"series":4,"mark":"keep"}', '{"files":[11],"mark":"unsure"}']);
  expect(server.verdicts).toEqual(['keep', 'unsure', 'keep']);
  expect(book.standing(ROW).counts).toEqual({ keep: 2, reject: 0, unsure: 1 });
  expect(onSent).toHaveBeenCalledOnce();
});

test('what was marked in another window is seen, and the last mark of a file counts', async () => {
  const [here, there] = [page(), page()];
  here.mark('keep');
  await here.sync.drain();
  there.mark('reject', [12]);
  await there.sync.drain();
  expect(there.book.standing(ROW).counts).toEqual({ keep: 2, reject: 1, unsure: 0 });
  await here.sync.refresh();
  expect(here.book.standing(ROW).counts).toEqual({ keep: 2, reject: 1, unsure: 0 });
  here.mark('', [12]);
  await here.sync.drain();
  await there.sync.refresh();
  expect(there.book.standing(ROW)).toMatchObject({ unmarked: 1, verdict: 'mixed' });
});

test('marks wait for the server to come back, and go out once and in order', async () => {
  const { book, sync, mark, onFailure } = page();
  server.isDown = true;
  mark('keep');
  await sync.drain();
  mark('reject', [10]);
  await sync.drain();
  expect(onFailure).toHaveBeenCalled();
  expect(sync.hasUnsent).toBe(true);
  expect(book.standing(ROW).counts).toEqual({ keep: 2, reject: 1, unsure: 0 });
  server.isDown = false;
  await sync.resume({ isOther: false });
  expect(server.asked.filter((what) => what.startsWith('{'))).toEqual([
    '{"series":4,"mark":"keep"}',
    '{"files":[10],"mark":"reject"}',
  ]);
  expect(server.verdicts).toEqual(['reject', 'keep', 'keep']);
});

test('a refused mark is told and does not stay, and those after it go out', async () => {
  const { book, sync, mark, problems } = page();
  server.refusal = new ApiError('there is no series 4', 'unknown_series', 404);
  mark('keep');
  await sync.drain();
  expect(problems).toEqual(['A mark was not taken: there is no series 4']);
  expect(book.standing(ROW).verdict).toBe('');
  server.refusal = null;
  mark('unsure');
  await sync.drain();
  expect(server.verdicts).toEqual(['unsure', 'unsure', 'unsure']);
});

test('a mark that was made and could not be saved stays, and is not sent again', async () => {
  const { book, sync, mark, problems, onSent } = page();
  server.refusal = new ApiError('No space left on device', 'annotations_not_saved', 507);
  mark('reject');
  await sync.drain();
  expect([problems, sync.hasUnsent, onSent.mock.calls.length]).toEqual([[], false, 1]);
  expect(book.standing(ROW).verdict).toBe('reject');
  expect(server.asked.filter((what) => what.startsWith('{'))).toHaveLength(1);
});

test('a server that was started anew on the same files gets what waited, and says what it has', async () => {
  const { book, sync, mark } = page();
  mark('keep');
  await sync.drain();
  server.isDown = true;
  mark('reject', [11]);
  await sync.drain();
  server.restart();
  server.isDown = false;
  await sync.resume({ isOther: true });
  expect(server.verdicts).toEqual(['', 'reject', '']);
  expect(book.standing(ROW)).toMatchObject({ unmarked: 2, counts: { reject: 1 } });
});

test.each([
  ['other files', detail(series(SERIES, { folder: '/elsewhere' }), FILES), null],
  ['a file more', detail(series(SERIES), [...FILES, 13]), null],
  ['its files in another order', renamed(DETAIL, ['11.dcm', '10.dcm', '12.dcm']), [10]],
])('a server with %s gets no marks of the old ones', async (_, other, files) => {
  const { sync, mark, problems } = page();
  server.isDown = true;
  mark('reject', files);
  await sync.drain();
  server.isDown = false;
  server.detail = other;
  await sync.resume({ isOther: true });
  expect(server.verdicts).toEqual(['', '', '']);
  expect(problems).toEqual(['1 mark could not be sent: the server lists other files now']);
  expect(sync.hasUnsent).toBe(false);
});

function renamed(of: SeriesDetail, path: string[]): SeriesDetail {
  return { ...of, instances: { ...of.instances, path } };
}

test('a note goes out alone and leaves the mark', async () => {
  const { book, sync, mark } = page();
  mark('keep');
  sync.send([{ series: SERIES, files: [10], parts: { note: 'motion' } }], NAMES);
  await sync.drain();
  expect(server.asked.at(-1)).toBe('{"files":[10],"note":"motion"}');
  expect(book.of(SERIES).of(10)).toEqual({ verdict: 'keep', note: 'motion' });
});
