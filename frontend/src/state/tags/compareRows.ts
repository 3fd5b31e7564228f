import type { TagComparison, TagDifference, TagSide } from '../../api/types.gen';
import { formatCount, visibleText } from '../../dicom/format';
import { COVERED_TEXT, coveredSide, type Cover } from '../view/identity';
import type { TagQuery } from './tagQuery';
import { wrapped } from './tagValue';

type State = TagDifference['state'];

/** How states are marked besides their colours. */
export const SIGNS: Readonly<Record<State, { sign: string; meaning: string }>> = {
  same: { sign: '=', meaning: 'the same' },
  changed: { sign: '≠', meaning: 'different' },
  only_first: { sign: '−', meaning: 'only in the first' },
  only_second: { sign: '+', meaning: 'only in the second' },
};

/** Longer texts can be opened, to be read in lines. */
const LONG_CHARACTERS = 20;

/** What two texts have in common before the part that differs is shortened to this. */
const MOST_BEFORE = 12;

/** A text in three pieces, the middle one differing from that of the other. */
export interface Contrast {
  before: string;
  differing: string;
  after: string;
}

/** One line of a comparison. */
export type CompareRow = { key: string; level: number } & (
  | {
      kind: 'difference';
      state: State;
      tag: string;
      name: string;
      /** The sequences that hold it. */
      parents: string;
      first: Contrast | null;
      second: Contrast | null;
      /** What to know beyond the texts. */
      note: string;
      isExpanded: boolean | null;
      source: TagDifference;
    }
  | { kind: 'line'; side: 'first' | 'second'; text: string }
);

interface CompareOptions {
  /** Whether what is the same is shown too. */
  isWhole: boolean;
  query: TagQuery;
  isTurned: (key: string) => boolean;
  lineLength: number;
  isCovered: Cover;
}

/** The elements of two files, those that differ or all. */
export function compareRows({ rows }: TagComparison, options: CompareOptions): CompareRow[] {
  const { isWhole, query } = options;
  return rows.flatMap((whole) => {
    if (!isWhole && whole.state === 'same') return [];
    const row = shownDifference(whole, options.isCovered);
    const texts = [row.name, row.tag, row.first?.value.text ?? '', row.second?.value.text ?? ''];
    const vr = (row.first ?? row.second)?.vr ?? '';
    return query.matches(vr, texts) ? differenceRows(row, options) : [];
  });
}

function shownDifference(row: TagDifference, isCovered: Cover): TagDifference {
  const vr = (row.first ?? row.second)?.vr ?? '';
  if (!isCovered({ tag: row.tag, vr })) return row;
  return { ...row, first: coveredSide(row.first), second: coveredSide(row.second) };
}

function differenceRows(source: TagDifference, options: CompareOptions): CompareRow[] {
  const { first, second, state, tag } = source;
  const key = source.path;
  const lengths = [first, second].map((side) => side?.value.text.length ?? 0);
  const isLong = Math.max(...lengths) > LONG_CHARACTERS;
  const isOpen = isLong && options.isTurned(key);
  const [before, after] = contrasted(shownText(first), shownText(second));
  const parts = source.name.split('.');
  const row: CompareRow = {
    key,
    level: 1,
    kind: 'difference',
    state,
    tag,
    name: visibleText(parts.at(-1) ?? ''),
    parents: visibleText(parts.slice(0, -1).join('.')),
    first: first && before,
    second: second && after,
    note: noteOf(source),
    isExpanded: isLong ? isOpen : null,
    source,
  };
  if (!isOpen) return [row];
  return [
    row,
    ...linesOf(first, 'first', key, options),
    ...linesOf(second, 'second', key, options),
  ];
}

function linesOf(
  side: TagSide | null,
  name: 'first' | 'second',
  key: string,
  { lineLength }: CompareOptions,
): CompareRow[] {
  if (side === null) return [];
  const { text, total } = side.value;
  const cut = total === undefined ? '' : `… (${formatCount(total)} in all)`;
  return wrapped(text + cut, lineLength).map((line, index) => ({
    key: `${key}/${name}/${String(index)}`,
    level: 2,
    kind: 'line',
    side: name,
    text: line,
  }));
}

function shownText(side: TagSide | null): string {
  return visibleText(side?.value.text ?? '') + (side?.value.total === undefined ? '' : '…');
}

function noteOf({ state, first, second }: TagDifference): string {
  if (first?.value.by_length || second?.value.by_length) {
    if (state === 'same') return 'only the lengths were compared';
  }
  if (first?.value === COVERED_TEXT || second?.value === COVERED_TEXT) return '';
  if (state !== 'changed' || first === null || second === null) return '';
  if (first.vr !== second.vr) return `VR ${visibleText(first.vr)} and ${visibleText(second.vr)}`;
  if (first.value.text !== second.value.text) return '';
  return first.value.total === undefined ? 'other bytes' : 'differs behind what is shown';
}

/** Two texts with what differs in the middle; a long common beginning is cut. */
export function contrasted(first: string, second: string): [Contrast, Contrast] {
  const [ours, theirs] = [Array.from(first), Array.from(second)];
  const shorter = Math.min(ours.length, theirs.length);
  let start = 0;
  while (start < shorter && ours[start] === theirs[start]) start += 1;
  let end = 0;
  while (end < shorter - start && ours.at(-1 - end) === theirs.at(-1 - end)) end += 1;
  const isSame = start === ours.length && start === theirs.length;
  const from = isSame || start <= MOST_BEFORE ? 0 : start - MOST_BEFORE;
  const cut = (text: readonly string[]): Contrast => ({
    before: (from > 0 ? '…' : '') + text.slice(from, start).join(''),
    differing: text.slice(start, text.length - end).join(''),
    after: text.slice(text.length - end).join(''),
  });
  return [cut(ours), cut(theirs)];
}
