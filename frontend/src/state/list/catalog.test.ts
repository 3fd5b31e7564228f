import { expect, test } from 'vitest';

import type { ReportRow, SeriesList } from '../../api/types.gen';
import { patient, series, seriesList, study } from '../../testing/server';
import { Catalog } from './catalog';
import { Matcher } from './matcher';
import type { SkippedEnd, SkippedPaths } from './skipped.svelte';
import { treeItems, type TreeItem } from './treeItems';
import { treeRow } from './treeRows';

const NONE: SkippedPaths = { count: 0, rows: [] };
const NO_SKIPPED: Record<SkippedEnd, SkippedPaths> = { not_dicom: NONE, unreadable: NONE };

function catalogOf(...lists: Pick<SeriesList, 'patients' | 'studies' | 'series'>[]): Catalog {
  const catalog = new Catalog();
  for (const list of lists) take(catalog, list);
  return catalog;
}

function take(catalog: Catalog, list: Parameters<Catalog['take']>[0]): void {
  const steps = catalog.take(list);
  while (steps.next().done !== true);
}

function rows(
  catalog: Catalog,
  options: {
    filter?: string;
    skipped?: Record<SkippedEnd, SkippedPaths>;
    isCollapsed?: (key: string) => boolean;
  } = {},
) {
  const { filter = '', skipped = NO_SKIPPED, isCollapsed = () => false } = options;
  const listing = treeItems(catalog, skipped, { matcher: new Matcher(filter), isCollapsed });
  return listing.items.map((item) => treeRow(item, listing, (key) => !isCollapsed(key)));
}

function labels(catalog: Catalog, filter = ''): string[] {
  return rows(catalog, { filter }).map(({ level, label }) => `${'  '.repeat(level - 1)}${label}`);
}

const ADAMS = patient(1, { patient_id: 'P0', patient_name: 'ADAMS^JOHN' });

test('patients stand by name, series by number as a number', () => {
  const list = seriesList([
    series(0, { series_number: '10', series_description: 'Late' }),
    series(1, { series_number: '9' }),
    series(2, { study: 1, series_description: 'Head' }),
  ]);
  list.patients.push(ADAMS);
  list.studies.push(study(1, { patient: 1 }));
  expect(labels(catalogOf(list))).toEqual([
    'ADAMS, JOHN',
    '  2024-01-31  Abdomen',
    '    Head',
    'DOE, JANE',
    '  2024-01-31  Abdomen',
    '    Portal venous',
    '    Late',
  ]);
});

test('studies stand by date, whatever order they were found in', () => {
  const list = seriesList([series(0), series(1, { study: 1 }), series(2, { study: 2 })]);
  list.studies = ['20240301', '20230101', '20240131'].map((study_date, index) =>
    study(index, { study_date, study_description: '' }),
  );
  expect(labels(catalogOf(list)).filter((label) => label.includes('20'))).toEqual([
    '  2023-01-01',
    '  2024-01-31',
    '  2024-03-01',
  ]);
});

test('what is found later goes to its place, and a row replaces the one of its index', () => {
  const first = seriesList([series(5, { series_number: '5' })]);
  const next = seriesList([
    series(7, { series_number: '2', series_description: 'Scout' }),
    series(5, { series_number: '5', file_count: 3, frame_count: 3 }),
  ]);
  const catalog = catalogOf(first, next);
  expect(rows(catalog).map(({ label, count }) => [label, count])).toEqual([
    ['DOE, JANE', ''],
    ['2024-01-31  Abdomen', '2 series'],
    ['Scout', '1 image'],
    ['Portal venous', '3 frames'],
  ]);
  expect(catalog.size).toBe(2);
});

test('a description that a study gets later is shown and found', () => {
  const first = seriesList([series(0)], { studies: [study(0, { study_description: '' })] });
  const later = { patients: [patient(0)], studies: [study(0)], series: [series(0)] };
  const catalog = catalogOf(first);
  expect(labels(catalog, 'abdomen')).toEqual([]);
  take(catalog, later);
  expect(labels(catalog, 'abdomen')[1]).toBe('  2024-01-31  Abdomen');
});

test('a series without a description goes by its number, a lone file by its name', () => {
  const nameless = { series_description: '', series_number: '7' };
  const label = (change: Partial<ReturnType<typeof series>>) =>
    labels(catalogOf(seriesList([series(0, { ...nameless, ...change })]))).at(-1);
  expect(label({ file_count: 2 })).toBe('    Series 7');
  expect(label({ file_count: 2, series_number: '' })).toBe('    2 files');
  expect(label({})).toBe('    0.dcm');
});

test('an object without pixels stays in its study and says what it is', () => {
  const measurements = series(0, {
    image_count: 0,
    frame_count: 0,
    modality: 'SR',
    series_description: '',
    note: 'Basic Text SR',
  });
  expect(rows(catalogOf(seriesList([measurements]))).at(-1)).toMatchObject({
    label: 'Basic Text SR',
    badge: 'no image',
    isPlainBadge: true,
    modality: 'SR',
    count: '1 file',
  });
});

const SKIPPED: ReportRow[] = [
  { path: '/data/notes.txt', end: 'not_dicom', reason: 'no DICOM data set', index: null },
  { path: '/data/caf\\xE9.dcm', end: 'unreadable', reason: 'ends in the header', index: null },
];

test('what belongs to no study, and what could not be read, is listed with the reason', () => {
  const directory = series(0, {
    study: null,
    image_count: 0,
    series_description: '',
    note: 'Media Storage Directory',
    file_name: 'DICOMDIR',
  });
  const skipped = {
    not_dicom: { count: 1, rows: SKIPPED.slice(0, 1) },
    unreadable: { count: 1, rows: SKIPPED.slice(1) },
  };
  const found = rows(catalogOf(seriesList([directory])), { skipped });
  expect(found.map(({ label, detail, count }) => [label, detail, count])).toEqual([
    ['Not images', '', '2 files'],
    ['DICOMDIR', 'Media Storage Directory', '1 file'],
    ['notes.txt', 'no DICOM data set', ''],
    ['Not readable', '', '1 file'],
    ['caf\\xE9.dcm', 'ends in the header', ''],
  ]);
});

test('paths that are not fetched yet stand as one row that says how many', () => {
  const skipped = { ...NO_SKIPPED, unreadable: { count: 900, rows: SKIPPED.slice(1) } };
  const found = rows(new Catalog(), { skipped });
  expect(found.map(({ label }) => label)).toEqual([
    'Not readable',
    'caf\\xE9.dcm',
    'Show more: 899 are left',
  ]);
  expect(found[0]?.count).toBe('900 files');
  // What is not fetched may match as well.
  const filtered = rows(new Catalog(), { skipped, filter: 'header' });
  expect(filtered.map(({ label }) => label)).toEqual(found.map(({ label }) => label));
  expect(filtered[0]?.count).toBe('1 file');
});

test('damage and warnings are marked on the series, in words in the tooltip', () => {
  const badge = (change: Partial<ReturnType<typeof series>>) =>
    rows(catalogOf(seriesList([series(0, change)]))).at(-1);
  expect(badge({ damaged: 1 })?.badge).toBe('damaged');
  expect(badge({ damaged: 3, file_count: 9 })?.badge).toBe('3 damaged');
  const mixed = badge({ warnings: ['images of different sizes'] });
  expect(mixed).toMatchObject({ badge: '1 warning', isPlainBadge: false });
  expect(mixed?.title).toContain('images of different sizes');
});

test('the stacks of a series that was opened stand below it', () => {
  const catalog = catalogOf(seriesList([series(0)]));
  const node = catalog.series(0);
  if (node === undefined) throw new Error('the series is not there');
  node.parts = ['Localizer', 'Axial'].map((label) => ({
    kind: 'part',
    files: [],
    key: label,
    level: 4,
    series: node,
    stackKey: label,
    label,
    coveredLabel: label,
    count: '3',
    has_pixels: true,
    warnings: [],
  }));
  const found = rows(catalog).slice(2);
  expect(found.map(({ label, level, isExpanded }) => [label, level, isExpanded])).toEqual([
    ['Portal venous', 3, true],
    ['Localizer', 4, null],
    ['Axial', 4, null],
  ]);
  expect(found[0]?.facts).toContain('2 parts');
  expect(rows(catalog, { isCollapsed: (key) => key === 'series/0' })).toHaveLength(3);
});

test('the filter wants every word, anywhere, and opens what it finds', () => {
  const catalog = catalogOf(
    seriesList([series(0), series(1, { modality: 'MR', series_description: 'T2 axial' })]),
  );
  expect(labels(catalog, 'jane t2 2024-01')).toEqual([
    'DOE, JANE',
    '  2024-01-31  Abdomen',
    '    T2 axial',
  ]);
  expect(labels(catalog, 'data/1.dcm').at(-1)).toBe('    T2 axial');
  const { items, shown, total } = treeItems(catalog, NO_SKIPPED, {
    matcher: new Matcher('T2'),
    isCollapsed: () => true,
  });
  expect([items.length, shown, total]).toEqual([3, 1, 2]);
});

test('a scoped term looks where it says, and nowhere else', () => {
  const catalog = catalogOf(
    seriesList([
      series(0, { series_number: '4', warnings: ['a slice is missing'] }),
      series(1, { modality: 'MR', series_description: 'T2 of CT phantom', series_number: '14' }),
      series(2, { study: null, image_count: 0, modality: '', file_name: 'DICOMDIR' }),
    ]),
  );
  const found = (filter: string) =>
    [0, 1, 2].filter((index) => {
      const node = catalog.series(index);
      return node !== undefined && new Matcher(filter).matches(node);
    });
  expect(found('ct')).toEqual([0, 1]);
  expect(found('modality:ct')).toEqual([0]);
  expect(found('modality:ct,mr')).toEqual([0, 1]);
  expect(found('-modality:ct')).toEqual([1, 2]);
  expect(found('desc:"t2 of"')).toEqual([1]);
  expect(found('series:4')).toEqual([0]);
  expect(found('note:missing')).toEqual([0]);
  expect(found('patient:"doe, jane" date:2024-01')).toEqual([0, 1]);
  expect(found('id:p1 -study:abdomen')).toEqual([]);
  expect(found('file:dicomdir')).toEqual([2]);
  expect(found('date:2024 folder:1.dcm')).toEqual([1]);
});

test('a path that is not listed is found by its name and its reason', () => {
  const row = { path: '/data/late/notes.txt', reason: 'no DICOM data set' };
  const filters = ['late', 'folder:late', 'file:late', 'note:"no dicom"', 'modality:ct', '-late'];
  expect(filters.filter((filter) => new Matcher(filter).matchesPath(row))).toEqual([
    'late',
    'folder:late',
    'note:"no dicom"',
  ]);
});

test('a closed branch hides what is below it', () => {
  const found = rows(catalogOf(seriesList([series(0)])), { isCollapsed: () => true });
  expect(found.map(({ isExpanded }) => isExpanded)).toEqual([false]);
});

test('names from files cannot reorder the list with control characters', () => {
  const list = seriesList([series(0)], { patients: [patient(0, { patient_name: 'A\u202EB' })] });
  expect(labels(catalogOf(list))[0]).toBe('A\\u{202E}B');
});

test('a list of 25,000 series in 1,000 studies keeps its order through 25 lines', () => {
  const catalog = new Catalog();
  for (let line = 0; line < 25; line++) {
    const numbers = Array.from({ length: 1_000 }, (_, place) => place * 25 + ((line * 7) % 25));
    take(catalog, {
      patients: line === 0 ? Array.from({ length: 100 }, (_, index) => nth(index)) : [],
      studies:
        line === 0
          ? Array.from({ length: 1_000 }, (_, index) => study(index, { patient: index % 100 }))
          : [],
      series: numbers.map((number) =>
        series(number, { study: number % 1_000, series_number: String(30_000 - number) }),
      ),
    });
  }
  const items: readonly TreeItem[] = treeItems(catalog, NO_SKIPPED, {
    matcher: new Matcher(''),
    isCollapsed: () => false,
  }).items;
  expect(items).toHaveLength(100 + 1_000 + 25_000);
  const names = items.flatMap((item) => (item.kind === 'patient' ? item.label : []));
  expect(names).toEqual([...names].sort());
  for (const item of items) {
    if (item.kind !== 'study') continue;
    const numbers = item.series.map(({ number }) => number);
    expect(numbers).toEqual([...numbers].sort((first, second) => first - second));
  }
});

function nth(index: number) {
  return patient(index, { patient_name: `P${String(index).padStart(3, '0')}` });
}

test('with the identity hidden no name, number, date or path is left, not in tooltips either', () => {
  const named = series(0, { file_name: 'doe-jane.dcm', folder: 'doe', series_description: '' });
  const catalog = catalogOf(seriesList([named]));
  const path = { path: 'doe/notes.txt', reason: 'no DICOM data set' };
  const skipped = { ...NO_SKIPPED, not_dicom: { count: 1, rows: [path] as ReportRow[] } };
  const listing = treeItems(catalog, skipped, {
    matcher: new Matcher(''),
    isCollapsed: () => false,
  });
  const covered = listing.items.map((item) =>
    treeRow(item, listing, () => true, { isIdentityHidden: true }),
  );
  expect(covered.map(({ label }) => label)).toEqual([
    'Patient 1',
    'Abdomen',
    'Series 1',
    'Not images',
    'Identity hidden',
  ]);
  const said = covered.map(({ label, detail, title, facts }) => label + detail + title + facts);
  expect(said.join('\n')).not.toMatch(/doe|jane|2024|P1/i);
});
