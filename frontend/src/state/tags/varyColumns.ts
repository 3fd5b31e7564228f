import type { TagText, TagVariation, VaryingTag } from '../../api/types.gen';
import { formatCount, visibleText } from '../../dicom/format';
import { COVERED_TEXT, type Cover } from '../view/identity';
import type { TagQuery } from './tagQuery';

/** How the columns stand: as in the file, by their names, or those with most values first. */
export type ColumnOrder = 'tag' | 'name' | 'values';

/** An element that varies, as a column of the table. */
export interface VaryColumn {
  key: string;
  name: string;
  /** The sequences that hold it. */
  parents: string;
  tag: string;
  width_css_px: number;
  /** How many values there are. */
  distinct: number;
  /** The value of a row as it is shown; null where the element is absent. */
  textAt: (row: number) => string | null;
  /** The value of a row as the file has it. */
  rawAt: (row: number) => string;
}

const CHARACTER_CSS_PX = 7;
const PADDING_CSS_PX = 18;
/** A long name does not make a column of short values wide. */
const MOST_TITLE_CHARACTERS = 16;

/** Values that are measured; the others will be of the kind. */
const MOST_MEASURED = 200;

const [LEAST_CSS_PX, MOST_CSS_PX] = [84, 230];

/** The varying elements that a query asks for, in an order. */
export function columnsOf(
  { varying }: TagVariation,
  { query, order, isCovered }: { query: TagQuery; order: ColumnOrder; isCovered: Cover },
): VaryColumn[] {
  const columns = varying
    .filter(({ name, tag, vr }) => query.matches(vr, [name, tag, tag.replace(/[(),]/g, '')]))
    .map((tag) =>
      columnOf(isCovered(tag) ? { ...tag, values: tag.values.map(() => COVERED_TEXT) } : tag),
    );
  if (order === 'name') columns.sort((one, other) => compare(one.name, other.name));
  if (order === 'values') columns.sort((one, other) => other.distinct - one.distinct);
  return columns;
}

function columnOf({ path, name, tag, values, which }: VaryingTag): VaryColumn {
  const texts = values.map(shownText);
  const parts = name.split('.');
  const title = visibleText(parts.at(-1) ?? '');
  const longest = Math.max(
    Math.min(title.length, MOST_TITLE_CHARACTERS),
    ...texts.slice(0, MOST_MEASURED).map((text) => text.length),
  );
  const width = longest * CHARACTER_CSS_PX + PADDING_CSS_PX;
  const index = (row: number) => which[row] ?? -1;
  return {
    key: path,
    name: title,
    parents: visibleText(parts.slice(0, -1).join('.')),
    tag,
    width_css_px: Math.min(Math.max(width, LEAST_CSS_PX), MOST_CSS_PX),
    distinct: values.length,
    textAt: (row) => texts[index(row)] ?? null,
    rawAt: (row) => values[index(row)]?.text ?? '',
  };
}

/** A value in one line, with what was cut off it. */
export function shownText({ text, total }: TagText): string {
  return visibleText(text) + (total === undefined ? '' : `… (${formatCount(total)} in all)`);
}

function compare(first: string, second: string): number {
  return first < second ? -1 : first > second ? 1 : 0;
}
