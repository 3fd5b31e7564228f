import type { SequenceValue, TagNode } from '../../api/types.gen';
import { keywordWords, visibleText } from '../../dicom/format';
import { isPrivate, tagDigits } from '../../dicom/tagPath';
import { COVERED_VALUE } from '../view/identity';
import type { TagQuery } from './tagQuery';
import { isCut, loadedLength, rawText, type TagValue, valueText, wrapped } from './tagValue';

/** Values longer than this can be opened, to be read in lines. */
const LONG_CHARACTERS = 32;

/** Values that a query looks into. */
const SEARCHED: readonly TagValue['type'][] = ['string', 'number', 'numbers'];

/** An element of the tag panel. */
export interface ElementRow {
  key: string;
  level: number;
  kind: 'element';
  /** The way to it as the API has it. */
  path: string;
  tag: string;
  vr: string;
  name: string;
  keyword: string;
  creator: string;
  value: string;
  /** The name of a UID. */
  meaning: string;
  source: TagValue;
  isHit: boolean;
  /** null where there is nothing to open. */
  isExpanded: boolean | null;
}

/** One line of the tag panel. */
export type TagRow =
  | ElementRow
  | ({ key: string; level: number } & (
      | { kind: 'group'; name: string; detail: string; isExpanded: boolean }
      | { kind: 'item'; name: string; isExpanded: boolean }
      | { kind: 'line'; text: string }
      | {
          kind: 'more';
          path: string;
          source: TagValue;
          loaded: number;
          total: number;
          noun: string;
        }
    ));

/** Elements that belong together. */
export interface TagSection {
  /** What their keys begin with; empty for the file itself, which has no row of its own. */
  key: string;
  name: string;
  detail: string;
  /** What their paths begin with. */
  path: string;
  nodes: readonly TagNode[];
  /** Whether they are the answer to the query, hits and their parents alone. */
  isAnswer?: boolean;
}

interface TagRowOptions {
  query: TagQuery;
  /** Whether somebody opened what is closed at first, or closed what is open. */
  isTurned: (key: string) => boolean;
  /** The value of a path with what was loaded in addition. */
  valueAt: (path: string, value: TagValue) => TagValue;
  /** Characters in a line of a long value. */
  lineLength: number;
  /** Whether nobody may see the value of an element. */
  isCovered?: (node: TagNode) => boolean;
}

interface Place {
  key: string;
  path: string;
  level: number;
}

/** Rows that are open; with a query, what it finds together with its parents, opened. */
export function tagRows(sections: readonly TagSection[], options: TagRowOptions): TagRow[] {
  return sections.flatMap((section) => {
    const { key, name, detail, path } = section;
    const rows = new Rows(section, options);
    const isFound = !options.query.isEmpty;
    if (key === '') return rows.elements(section.nodes, { key, path, level: 1 }, isFound);
    const place = { key: `${key}/`, path, level: 2 };
    const isExpanded = !options.isTurned(key);
    const inside = isExpanded || isFound ? rows.elements(section.nodes, place, isFound) : [];
    if (section.nodes.length === 0 || (isFound && inside.length === 0)) return [];
    return [
      { key, level: 1, kind: 'group', name, detail, isExpanded },
      ...(isExpanded ? inside : []),
    ];
  });
}

/** How many elements a query finds, those in closed sequences too. */
export function countHits(nodes: readonly TagNode[], query: TagQuery): number {
  return nodes.reduce((hits, node) => {
    const items = node.value.type === 'sequence' ? node.value.items : [];
    const inside = items.reduce((sum, item) => sum + countHits(item, query), 0);
    return hits + inside + (isHit(node, query, node.value) ? 1 : 0);
  }, 0);
}

/** The rows of one section. */
class Rows {
  readonly #section: TagSection;
  readonly #options: TagRowOptions;

  constructor(section: TagSection, options: TagRowOptions) {
    this.#section = section;
    this.#options = options;
  }

  /** Rows of elements; of hits and their parents only, where a query is carried out. */
  elements(nodes: readonly TagNode[], place: Place, isFiltered: boolean): TagRow[] {
    return nodes.flatMap((node) => this.#element(node, place, isFiltered));
  }

  #element(node: TagNode, parent: Place, isFiltered: boolean): TagRow[] {
    const { query, isTurned, valueAt, isCovered = () => false } = this.#options;
    const digits = tagDigits(node.tag);
    const place = { ...parent, key: parent.key + digits, path: parent.path + digits };
    const value = isCovered(node)
      ? { type: 'string' as const, value: COVERED_VALUE }
      : valueAt(place.path, node.value);
    const found = this.#section.isAnswer ? node.hit === true : isHit(node, query, value);
    const text = valueText(value);
    const isTree = value.type === 'sequence';
    const hits = isFiltered && isTree ? this.#items(value, place, true) : [];
    if (isFiltered && !found && hits.length === 0) return [];
    const isOpen = (!isFiltered && this.#isFlat(value)) !== isTurned(place.key);
    // What somebody opened shows all that it holds, what is open for its hits only these.
    const children = isOpen ? this.#inside(value, place) : hits;
    const isExpandable = isTree
      ? (value.total ?? value.items.length) > 0
      : text.length > LONG_CHARACTERS || isCut(value);
    const row: ElementRow = {
      key: place.key,
      level: place.level,
      kind: 'element',
      path: place.path,
      tag: node.tag,
      vr: visibleText(node.vr),
      name: nameOf(node),
      keyword: visibleText(node.keyword),
      creator: visibleText(node.creator ?? ''),
      value: text,
      meaning: isCovered(node) ? '' : (node.meaning ?? ''),
      source: value,
      isHit: found,
      isExpanded: isExpandable ? children.length > 0 : null,
    };
    return isExpandable ? [row, ...children] : [row];
  }

  #inside(value: TagValue, place: Place): TagRow[] {
    return value.type === 'sequence' ? this.#items(value, place, false) : this.#lines(value, place);
  }

  /** Functional groups hold one item each and are there to be read: they are open, without its row. */
  #isFlat(value: TagValue): boolean {
    return this.#section.key !== '' && value.type === 'sequence' && value.items.length === 1;
  }

  #items(value: SequenceValue, place: Place, isFiltered: boolean): TagRow[] {
    const isFlat = this.#isFlat(value);
    const level = place.level + 1;
    const rows = value.items.flatMap((item, index) => {
      const position = String(value.item_indices?.[index] ?? index);
      const key = `${place.key}/${position}`;
      const inside = { key: `${key}/`, path: `${place.path}/${position}/`, level: level + 1 };
      if (isFlat) return this.elements(item, { ...inside, level }, isFiltered);
      // Items open with their sequence, unless somebody closed them.
      const isExpanded = !this.#options.isTurned(key);
      const children = isExpanded || isFiltered ? this.elements(item, inside, isFiltered) : [];
      if (isFiltered && children.length === 0) return [];
      const name = `Item ${String(Number(position) + 1)}`;
      const row: TagRow = { key, level, kind: 'item', name, isExpanded };
      return isExpanded ? [row, ...children] : [row];
    });
    return isFiltered ? rows : [...rows, ...moreRow(value, { ...place, level })];
  }

  #lines(value: TagValue, place: Place): TagRow[] {
    const level = place.level + 1;
    const content = value.type === 'string' ? value.value : valueText(value);
    const lines = wrapped(content, this.#options.lineLength).map((text, index): TagRow => ({
      key: `${place.key}/${String(index)}`,
      level,
      kind: 'line',
      text,
    }));
    return [...lines, ...moreRow(value, { ...place, level })];
  }
}

function isHit(node: TagNode, query: TagQuery, value: TagValue): boolean {
  if (query.isEmpty) return false;
  const { tag, vr, keyword } = node;
  const content = SEARCHED.includes(value.type) ? rawText(value) : '';
  return query.matches(vr, [tag, tagDigits(tag), keyword, keywordWords(keyword), content]);
}

function moreRow(source: TagValue, { key, path, level }: Place): TagRow[] {
  if (!isCut(source) || !('total' in source) || source.total === undefined) return [];
  const loaded = loadedLength(source);
  const noun = { sequence: 'item', string: 'character' }[source.type as string] ?? 'value';
  return [
    { key: `${key}/more`, level, kind: 'more', path, source, loaded, total: source.total, noun },
  ];
}

/** A keyword in words, or what is known of an element without one (DICOM PS3.5 7.2 and 7.8). */
function nameOf({ tag, keyword }: TagNode): string {
  if (keyword) return visibleText(isPrivate(tag) ? keyword : keywordWords(keyword));
  const element = Number.parseInt(tag.slice(6, 10), 16);
  if (element === 0) return 'Group Length';
  if (!isPrivate(tag)) return 'Unknown';
  return element >= 0x10 && element <= 0xff ? 'Private Creator' : 'Private';
}
