/** Going through a list and marking, against a served contract. */
import { flushSync } from 'svelte';
import { beforeEach, expect, onTestFinished, test } from 'vitest';

import type { SeriesDetail, TriageChange, TriageMark } from '../../api/types.gen';
import {
  BASE,
  detail,
  failure,
  json,
  lists,
  never,
  rawFrame,
  recipe,
  series,
  seriesList,
  serve,
  stack,
} from '../../testing/server';
import { Session } from '../session';
import { progressText } from './progress';

/** Two slices; one image; a report; three frames of one file and a file of its own. */
const ROWS = [
  series(0, { file_count: 2, image_count: 2 }),
  series(1),
  series(2, { image_count: 0, note: 'Basic Text SR' }),
  series(3, { file_count: 2, image_count: 2, modality: 'MR' }),
];
const FILES = [[0, 1], [2], [3], [4, 5]];
const REFS = [
  [4, 0],
  [4, 1],
  [4, 2],
  [5, 0],
].map(([file = 0, frame_index = 0]) => ({
  file,
  frame_index,
}));

let asked: string[] = [];
let marks: Map<number, TriageMark>;
/** Frames that never come. */
let missing: Set<string>;

beforeEach(() => {
  marks = new Map();
  missing = new Set();
});

function details(): SeriesDetail[] {
  return ROWS.map((row, at) => {
    const files = FILES[at] ?? [];
    if (at === 2) return detail(row, files, [stack([], { files, has_pixels: false })]);
    return detail(row, files, at === 3 ? [stack(REFS)] : undefined);
  });
}

function triageAnswer(request: RequestInit): Response {
  if (request.method === 'PATCH') {
    const change = JSON.parse(request.body as string) as TriageChange;
    for (const index of change.files ?? FILES[change.series ?? -1] ?? []) {
      const before = marks.get(index) ?? { mark: '', note: '' };
      marks.set(index, {
        index,
        series: FILES.findIndex((files) => files.includes(index)),
        mark: change.mark === undefined ? before.mark : (change.mark ?? ''),
        note: change.note ?? before.note,
        modified: '',
      });
    }
  }
  const counts = { keep: 0, reject: 0, unsure: 0 };
  return json({ revision: 1, marks: [...marks.values()], counts, images: 5, unlisted_files: 0 });
}

async function started(): Promise<Session> {
  const listed = lists(seriesList(ROWS), details());
  asked = serve(
    (path, request) => {
      if (path.startsWith('api/triage?')) return triageAnswer(request);
      if (path === 'api/triage/import') return failure('mark must be one of', 'invalid', 400);
      if (path.endsWith('/recipe')) return json(recipe());
      const [, , file = '', , frame = ''] = path.split('/');
      if (missing.has(`${file}/${frame}`)) return never();
      return listed(path) ?? rawFrame([1, 2, 3, 4, 5, 6]);
    },
    { isAboutTriage: true },
  );
  const session = new Session({ base: BASE, token: null });
  onTestFinished(() => {
    session.stop();
  });
  session.viewer.framing.viewport = { width: 30, height: 20 };
  await session.start();
  await seen(session);
  session.run('toggle-triage');
  return session;
}

async function seen({ viewer, navigator }: Session): Promise<void> {
  while (viewer.isLoading || navigator.isOpening)
    await new Promise((resolve) => setTimeout(resolve));
  flushSync();
}

/** Presses keys one after the other, each when the picture is there. */
async function run(session: Session, ...commands: Parameters<Session['run']>[0][]): Promise<void> {
  for (const command of commands) {
    session.run(command);
    await seen(session);
  }
  await session.triage.sync.drain();
}

const verdicts = () => [0, 1, 2, 3, 4, 5].map((file) => marks.get(file)?.mark ?? '');

test('a mark is for the whole series, and the next image without one follows', async () => {
  const session = await started();
  await run(session, 'mark-keep');
  expect(session.navigator.series).toBe(1);
  await run(session, 'mark-reject');
  expect(session.navigator.series).toBe(3);
  expect(verdicts()).toEqual(['keep', 'keep', 'reject', '', '', '']);
  await run(session, 'mark-unsure');
  expect(progressText(session.triage.progress)).toBe('3 of 3 marked: 1 keep, 1 reject, 1 unsure');
  expect(session.navigator.series).toBe(3);
});

test('the search for the next goes round the end, and leaves out what the filter hides', async () => {
  const session = await started();
  session.navigator.open(3);
  await seen(session);
  await run(session, 'mark-keep');
  expect(session.navigator.series).toBe(0);
  session.study.filter = 'modality:mr';
  await session.study.filtered;
  await run(session, 'next-unmarked');
  expect(session.navigator.series).toBe(0);
  session.study.filter = '';
  await session.study.filtered;
  await run(session, 'previous-unmarked');
  expect(session.navigator.series).toBe(1);
});

test('zoom and window stay from one series to the next', async () => {
  const session = await started();
  session.viewer.framing.zoom({ x: 15, y: 10 }, 2);
  session.run('invert');
  const { zoom } = session.viewer.framing.view;
  await run(session, 'mark-keep');
  expect(session.viewer.framing.view.zoom).toBe(zoom);
  expect(session.viewer.windowing.isInverted).toBe(true);
});

test('file by file, a mark is for one file with all its frames', async () => {
  const session = await started();
  session.run('triage-scope');
  await run(session, 'mark-keep');
  expect(session.viewer.seenKey).toBe('1/0');
  await run(session, 'mark-reject', 'mark-keep');
  expect(session.viewer.seenKey).toBe('4/0');
  await run(session, 'next-frame', 'mark-unsure');
  expect(session.viewer.seenKey).toBe('5/0');
  expect(verdicts()).toEqual(['keep', 'reject', 'keep', '', 'unsure', '']);
  expect(progressText(session.triage.progress)).toBe('4 of 5 marked: 2 keep, 1 reject, 1 unsure');
});

test('a series that is half done is gone on with where it was left, from either side', async () => {
  const session = await started();
  session.run('triage-scope');
  await run(session, 'mark-keep', 'next-series');
  expect(session.viewer.seenKey).toBe('2/0');
  await run(session, 'previous-unmarked');
  expect(session.viewer.seenKey).toBe('1/0');
  await run(session, 'mark-keep', 'mark-keep', 'last-frame', 'mark-keep');
  // The file before the last frame of the same series is the only one that is left.
  expect(session.viewer.seenKey).toBe('4/0');
});

test('the last mark is taken back where it was made, and the one before it after that', async () => {
  const session = await started();
  await run(session, 'next-frame', 'mark-keep', 'mark-reject', 'take-back-mark');
  expect(session.viewer.seenKey).toBe('2/0');
  expect(verdicts()).toEqual(['keep', 'keep', '', '', '', '']);
  await run(session, 'take-back-mark');
  expect(session.viewer.seenKey).toBe('1/0');
  expect(verdicts()).toEqual(['', '', '', '', '', '']);
  expect(session.triage.canTakeBack).toBe(false);
});

test('taking back a mark of a series brings back what its files had', async () => {
  const session = await started();
  session.run('triage-scope');
  await run(session, 'mark-reject');
  session.run('triage-scope');
  expect(session.triage.standing?.verdict).toBe('mixed');
  await run(session, 'mark-keep', 'take-back-mark');
  expect(verdicts()).toEqual(['reject', '', '', '', '', '']);
});

test('a mark that is taken away is none, and does not go on', async () => {
  const session = await started();
  await run(session, 'mark-keep', 'previous-series', 'clear-mark');
  expect(session.navigator.series).toBe(0);
  expect(verdicts().slice(0, 2)).toEqual(['', '']);
});

test('what is not seen yet cannot be marked', async () => {
  const session = await started();
  missing.add('2/0');
  session.navigator.open(1);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(session.triage.canMark).toBe(false);
  session.run('mark-reject');
  expect(session.triage.sync.hasUnsent).toBe(false);
  expect(session.navigator.series).toBe(1);
});

test('a note is for what it was written at, and keeps the mark', async () => {
  const session = await started();
  const { subject } = session.triage;
  await run(session, 'mark-keep');
  if (subject !== null) session.triage.setNote('motion', subject);
  await session.triage.sync.drain();
  expect([marks.get(0), marks.get(1)]).toMatchObject([
    { mark: 'keep', note: 'motion' },
    { mark: 'keep', note: 'motion' },
  ]);
  const before = asked.length;
  if (subject !== null) session.triage.setNote('motion', subject);
  await session.triage.sync.drain();
  expect(asked.slice(before).filter((path) => path.startsWith('api/triage'))).toEqual([]);
});

test('the list is filtered by mark, and follows as marks are made', async () => {
  const session = await started();
  session.study.filter = 'triage:none';
  await session.study.filtered;
  const shown = () =>
    session.study.listing.items.flatMap((item) => (item.kind === 'series' ? [item.row.index] : []));
  expect(shown()).toEqual([0, 1, 2, 3]);
  await run(session, 'mark-keep', 'mark-reject');
  expect(shown()).toEqual([2, 3]);
  session.study.filter = 'triage:keep,reject';
  await session.study.filtered;
  expect(shown()).toEqual([0, 1]);
  session.study.filter = '-triage:keep modality:ct';
  await session.study.filtered;
  expect(shown()).toEqual([1, 2]);
});

test('in the contact sheet a mark is for the cell with the focus, and the image below stays', async () => {
  const session = await started();
  const { sheet } = session;
  sheet.onFocus((item) => (sheet.focused = item));
  sheet.open({ kind: 'all' });
  sheet.focused = sheet.items[1] ?? null;
  await run(session, 'mark-reject');
  expect(verdicts()).toEqual(['', '', 'reject', '', '', '']);
  expect(sheet.focused).toMatchObject({ row: { index: 2 } });
  await run(session, 'previous-unmarked', 'mark-keep', 'take-back-mark');
  expect(sheet.focused).toMatchObject({ row: { index: 0 } });
  expect(verdicts()).toEqual(['', '', 'reject', '', '', '']);
  expect(session.navigator.series).toBe(0);
});

test('a cell of a frame is its file or its series, as a mark in the viewport is', async () => {
  const session = await started();
  const { sheet, study } = session;
  const node = study.series(3);
  if (node === null) throw new Error('the series is not there');
  sheet.onFocus((item) => (sheet.focused = item));
  sheet.open({ kind: 'frames', series: node, stackKey: null });
  while (sheet.items.length === 0) await new Promise((resolve) => setTimeout(resolve));
  sheet.focused = sheet.items[0] ?? null;
  session.run('triage-scope');
  await run(session, 'mark-unsure');
  expect(verdicts().slice(4)).toEqual(['unsure', '']);
  // Past the other frames of the file that has a mark now.
  expect(sheet.focused).toMatchObject({ ref: { file: 5 } });
  session.run('triage-scope');
  await run(session, 'mark-keep');
  expect(verdicts().slice(4)).toEqual(['keep', 'keep']);
});

test('a table that cannot be read is refused with the reason', async () => {
  const { triage } = await started();
  await triage.importCsv('marks.csv', new Blob(['mark\nmaybe']));
  expect(triage.imported).toMatchObject({
    name: 'marks.csv',
    outcome: null,
    failure: { message: 'mark must be one of' },
  });
});

test('keys mark only in the mode, and not while something is drawn or a menu is open', async () => {
  const session = await started();
  expect(session.keyContexts).toEqual(['triage']);
  session.layout.toggleMenu('triage-menu');
  expect(session.keyContexts).toEqual([]);
  session.layout.toggleMenu('triage-menu');
  session.sheet.open({ kind: 'all' });
  expect(session.keyContexts).toEqual(['triage']);
  session.run('toggle-triage');
  expect(session.keyContexts).toEqual([]);
});
