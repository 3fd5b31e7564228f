import { visibleText } from '../../dicom/format';
import type { SeriesNode } from './catalog';

/** A folder with the series whose files lie in it, and the folders below. */
export interface FolderNode {
  readonly kind: 'folder';
  readonly key: string;
  readonly level: number;
  readonly path: string;
  /** Its name; several where nothing else is in those above. */
  readonly label: string;
  /** Where the topmost lie. */
  readonly detail: string;
  readonly folders: readonly FolderNode[];
  readonly series: readonly SeriesNode[];
}

interface Branch {
  name: string;
  path: string;
  branches: Map<string, Branch>;
  series: SeriesNode[];
}

/** Series as their files lie, folders first, each in the order of names. */
export function folderTree(series: Iterable<SeriesNode>): FolderNode[] {
  const root = branchOf('', '');
  const known = new Map<string, Branch>();
  for (const node of series) {
    const { folder } = node.row;
    let branch = known.get(folder);
    if (branch === undefined) {
      branch = below(root, folder);
      known.set(folder, branch);
    }
    branch.series.push(node);
  }
  const folders = inOrder(root).map((branch) => folderOf(branch, 1));
  // Files on several drives have no folder in common.
  return root.series.length === 0 ? folders : [...folders, folderOf(root, 1, [])];
}

/** Whether a folder is another one or lies below it; all do so below none. */
export function isBelow(folder: string, path: string): boolean {
  if (path === '' || folder === path) return true;
  const isEnded = path.endsWith('/') || path.endsWith('\\');
  return folder.startsWith(path) && (isEnded || /[/\\]/.test(folder.charAt(path.length)));
}

/** All series of folders as they stand in the list. */
export function* seriesInFolders(folders: readonly FolderNode[]): Generator<SeriesNode> {
  for (const { folders: inner, series } of folders) {
    yield* seriesInFolders(inner);
    yield* series;
  }
}

function branchOf(name: string, path: string): Branch {
  return { name, path, branches: new Map(), series: [] };
}

/** The branch of a folder, made where it is missing. */
function below(root: Branch, folder: string): Branch {
  if (folder === '') return root;
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/';
  let branch = root;
  let path = '';
  for (const part of folder.split(separator)) {
    // What begins with a separator has an empty name before it.
    const name = part === '' && branch === root ? separator : part;
    if (name === '') continue;
    path = path === '' || path.endsWith(separator) ? path + name : path + separator + name;
    const next = branch.branches.get(name) ?? branchOf(name, path);
    branch.branches.set(name, next);
    branch = next;
  }
  return branch;
}

function folderOf(from: Branch, level: number, inner = inOrder(from)): FolderNode {
  let [branch, below] = [from, inner];
  // Folders that hold nothing but one other are one line with it.
  for (let [only] = below; only !== undefined && isPassage(branch); [only] = below) {
    branch = only;
    below = inOrder(branch);
  }
  const lead = from.path.slice(0, from.path.length - from.name.length);
  const whole = visibleText(branch.path.slice(lead.length));
  const isTop = level === 1;
  return {
    kind: 'folder',
    key: `folder/${branch.path}`,
    level,
    path: branch.path,
    label: (isTop ? visibleText(branch.name) : whole) || 'No folder in common',
    detail: isTop ? visibleText(branch.path.slice(0, -branch.name.length)) : '',
    folders: below.map((next) => folderOf(next, level + 1)),
    series: sorted(
      branch.series,
      ({ row }) => row,
      ({ row }) => row.file_name,
    ),
  };
}

function isPassage({ branches, series }: Branch): boolean {
  return branches.size === 1 && series.length === 0;
}

function inOrder({ branches }: Branch): Branch[] {
  return sorted(
    [...branches.values()],
    (branch) => branch,
    ({ name }) => name,
  );
}

const naturalNames = new WeakMap<object, string>();

/** In the order of names, where `2` comes before `10`. */
function sorted<Item>(
  items: readonly Item[],
  owner: (item: Item) => object,
  nameOf: (item: Item) => string,
): Item[] {
  const natural = (item: Item): string => {
    const known = naturalNames.get(owner(item));
    if (known !== undefined) return known;
    const name = nameOf(item).replace(/\d+/g, (digits) => digits.padStart(12, '0'));
    naturalNames.set(owner(item), name);
    return name;
  };
  return [...items].sort((first, second) => {
    const [one, other] = [natural(first), natural(second)];
    return one < other ? -1 : one > other ? 1 : 0;
  });
}
