import { expect, test } from 'vitest';

import { patient, series, study } from '../../testing/server';
import { Catalog } from './catalog';
import { folderTree, seriesInFolders, type FolderNode } from './folders';
import { Matcher } from './matcher';
import { treeItems } from './treeItems';
import { treeRow } from './treeRows';

/** A catalog of one series a path; its last part is the file. */
function catalogOf(...paths: string[]): Catalog {
  const catalog = new Catalog();
  const rows = paths.map((path, index) => {
    const at = Math.max(path.lastIndexOf('/'), path.lastIndexOf('\\'));
    const [folder, file_name] = [path.slice(0, Math.max(at, 0)), path.slice(at + 1)];
    return series(index, { folder, file_name, series_description: file_name });
  });
  const steps = catalog.take({ patients: [patient(0)], studies: [study(0)], series: rows });
  while (steps.next().done !== true);
  return catalog;
}

function outline(folders: readonly FolderNode[]): string[] {
  return folders.flatMap((folder) => [
    `${'  '.repeat(folder.level - 1)}${folder.detail}[${folder.label}]`,
    ...outline(folder.folders),
    ...folder.series.map(({ label }) => `${'  '.repeat(folder.level)}${label}`),
  ]);
}

const tree = (...paths: string[]) => outline(folderTree(catalogOf(...paths).inStudies()));

test('series stand in their folders, folders before files, 2 before 10', () => {
  expect(
    tree('/data/b/10.dcm', '/data/b/2.dcm', '/data/top.dcm', '/data/a10/1.dcm', '/data/a9/1.dcm'),
  ).toEqual([
    '/[data]',
    '  [a9]',
    '    1.dcm',
    '  [a10]',
    '    1.dcm',
    '  [b]',
    '    2.dcm',
    '    10.dcm',
    '  top.dcm',
  ]);
});

test('folders that hold nothing but one other are one line', () => {
  expect(tree('/data/archive/p1/s1/dicom/1.dcm', '/data/archive/p2/2.dcm')).toEqual([
    '/data/[archive]',
    '  [p1/s1/dicom]',
    '    1.dcm',
    '  [p2]',
    '    2.dcm',
  ]);
});

test('paths of Windows and files without a common folder have their place', () => {
  expect(tree('C:\\scans\\1.dcm', 'D:\\2.dcm', 'loose.dcm')).toEqual([
    'C:\\[scans]',
    '  1.dcm',
    '[D:]',
    '  2.dcm',
    '[No folder in common]',
    '  loose.dcm',
  ]);
});

test('walking follows the list', () => {
  const folders = folderTree(catalogOf('/d/z.dcm', '/d/x/2.dcm', '/d/x/1.dcm').inStudies());
  expect([...seriesInFolders(folders)].map(({ label }) => label)).toEqual([
    '1.dcm',
    '2.dcm',
    'z.dcm',
  ]);
});

test('the filter leaves the folders of what it finds, and each says how many', () => {
  const catalog = catalogOf('/d/a/1.dcm', '/d/a/2.dcm', '/d/b/3.dcm', '/d/b/c/4.dcm');
  const none = { count: 0, rows: [] };
  const list = (filter: string, collapsed = '') => {
    const listing = treeItems(
      catalog,
      { not_dicom: none, unreadable: none },
      {
        matcher: new Matcher(filter),
        isCollapsed: (key) => key === collapsed,
        folders: folderTree(catalog.inStudies()),
      },
    );
    const rows = listing.items.map((item) => treeRow(item, listing, () => true));
    return [
      listing.shown,
      ...rows.map(({ level, label, count }) => `${String(level)} ${label} ${count}`),
    ];
  };
  expect(list('folder:b/')).toEqual([
    2,
    '1 d 2 series',
    '2 b 2 series',
    '3 c 1 series',
    '4 4.dcm 1 image',
    '3 3.dcm 1 image',
  ]);
  // What is folded away counts all the same.
  expect(list('', 'folder//d/b')).toEqual([
    4,
    '1 d 4 series',
    '2 a 2 series',
    '3 1.dcm 1 image',
    '3 2.dcm 1 image',
    '2 b 2 series',
  ]);
});
