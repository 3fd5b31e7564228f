import type { TagNode } from '../api/types.gen';
import { formatBytes, keywordWords, plural, visibleText } from '../dicom/format';

export type TagValue = TagNode['value'];

/** One line of the tag panel. */
export type TagRow = { key: string; level: number } & (
  | {
      kind: 'element';
      tag: string;
      vr: string;
      name: string;
      value: string;
      isProblem: boolean;
      /** null where there is nothing to open. */
      isExpanded: boolean | null;
    }
  | { kind: 'item'; name: string; isExpanded: boolean }
  | { kind: 'more'; path: string; loaded: number; total: number; noun: string }
);

export interface TagRowOptions {
  filter: string;
  isExpanded: (key: string) => boolean;
  /** The value of a path with what was loaded in addition. */
  valueAt: (path: string, value: TagValue) => TagValue;
}

/** Rows that are open; with a filter, what matches together with its parents, opened. */
export function tagRows(nodes: readonly TagNode[], options: TagRowOptions): TagRow[] {
  const words = options.filter.toLowerCase().split(/\s+/).filter(Boolean);
  return elementRows(nodes, '', 1, { ...options, words });
}

/** `(0010,0010)` in a path: `00100010`. */
export function pathOf(tag: string): string {
  return tag.replace(/[(),]/g, '');
}

type Search = TagRowOptions & { words: readonly string[] };

function elementRows(
  nodes: readonly TagNode[],
  parent: string,
  level: number,
  search: Search,
): TagRow[] {
  return nodes.flatMap((node) => {
    const path = parent + pathOf(node.tag);
    const value = search.valueAt(path, node.value);
    const text = valueText(value);
    const name = node.keyword ? keywordWords(node.keyword) : namelessName(node.tag);
    const isMatch = matches(search.words, [node.tag, pathOf(node.tag), node.keyword, name, text]);
    // What matches shows all that it holds; what does not, only what matches inside.
    const inner = isMatch ? { ...search, words: [] } : search;
    const isFiltering = inner.words.length > 0;
    const isExpanded = isFiltering || search.isExpanded(path);
    const children = isExpanded ? childRows(value, path, level, inner) : [];
    if (!isMatch && !children.some(({ kind }) => kind !== 'more')) return [];
    const row: TagRow = {
      key: path,
      kind: 'element',
      level,
      tag: node.tag,
      vr: visibleText(node.vr),
      name,
      value: text,
      isProblem: value.type === 'error',
      isExpanded: value.type === 'sequence' && value.items.length > 0 ? isExpanded : null,
    };
    return [row, ...children];
  });
}

function childRows(value: TagValue, path: string, level: number, search: Search): TagRow[] {
  const rows =
    value.type === 'sequence'
      ? value.items.flatMap((item, position) => itemRows(item, path, position, level + 1, search))
      : [];
  return [...rows, ...moreRow(value, path, level + 1)];
}

function itemRows(
  item: readonly TagNode[],
  sequencePath: string,
  position: number,
  level: number,
  search: Search,
): TagRow[] {
  const key = `${sequencePath}/${String(position)}`;
  // Items open with their sequence, unless somebody closed them.
  const isExpanded = search.words.length > 0 || !search.isExpanded(key);
  const children = isExpanded ? elementRows(item, `${key}/`, level + 1, search) : [];
  if (search.words.length > 0 && children.length === 0) return [];
  return [
    { key, kind: 'item', level, name: `Item ${String(position + 1)}`, isExpanded },
    ...children,
  ];
}

function moreRow(value: TagValue, path: string, level: number): TagRow[] {
  if (!('truncated' in value) || value.truncated !== true || value.total === undefined) return [];
  const [loaded, noun] =
    value.type === 'sequence'
      ? ([value.items.length, 'item'] as const)
      : ([value.value.length, value.type === 'string' ? 'character' : 'value'] as const);
  return [{ key: `${path}/more`, kind: 'more', level, path, loaded, total: value.total, noun }];
}

/** Elements whose value was cut can be opened for the rest, as sequences can for their items. */
export function valueText(value: TagValue): string {
  switch (value.type) {
    case 'string':
      return visibleText(value.value);
    case 'number':
      return String(value.value);
    case 'numbers':
      return value.value.join(' \\ ');
    case 'binary':
      return formatBytes(value.length);
    case 'sequence':
      return plural(value.total ?? value.items.length, 'item');
    case 'error':
      return visibleText(value.message);
  }
}

/** A name for elements without a keyword (DICOM PS3.5 7.2 and 7.8). */
function namelessName(tag: string): string {
  const isPrivate = Number.parseInt(tag.slice(4, 5), 16) % 2 === 1;
  const element = Number.parseInt(tag.slice(6, 10), 16);
  if (element === 0) return 'Group Length';
  if (!isPrivate) return 'Unknown';
  return element >= 0x10 && element <= 0xff ? 'Private Creator' : 'Private';
}

function matches(words: readonly string[], texts: readonly string[]): boolean {
  if (words.length === 0) return true;
  const searched = texts.join('\n').toLowerCase();
  return words.every((word) => searched.includes(word));
}
