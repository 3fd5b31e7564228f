import type { SeriesRow } from '../../api/types.gen';
import { fileName, formatBytes, formatCount, plural, visibleText } from '../../dicom/format';
import type { PartNode, PatientNode, SeriesNode } from './catalog';
import { COVERED, coveredLabel } from '../view/identity';
import type { FolderNode } from './folders';
import { pathBelow } from '../view/seriesContent';
import type { MoreItem, SkippedItem, TreeItem, TreeItems } from './treeItems';

/** What one line of the list says. */
export interface TreeRow {
  key: string;
  item: TreeItem;
  /** Depth from 1, as assistive tools count. */
  level: number;
  label: string;
  /** Dimmed text after the label. */
  detail: string;
  /** The whole text, for a narrow list. */
  title: string;
  modality: string;
  count: string;
  /** Dimmed facts of a series, below its label. */
  facts: string;
  badge: string;
  /** A badge that only says what it is, and warns of nothing. */
  isPlainBadge: boolean;
  /** null where there is nothing to open or close. */
  isExpanded: boolean | null;
}

interface Wanted {
  isIdentityHidden?: boolean;
}

type Cells = Partial<Omit<TreeRow, 'key' | 'item' | 'level'>> & { label: string };

/** The line of an item: made only for those in sight. */
export function treeRow(
  item: TreeItem,
  listing: Pick<TreeItems, 'seriesCounts'>,
  isExpanded: (key: string) => boolean,
  { isIdentityHidden = false }: Wanted = {},
): TreeRow {
  const cells = cellsOf(item, listing, isIdentityHidden);
  return {
    key: item.key,
    item,
    level: item.level,
    detail: '',
    title: [cells.label, cells.detail].filter(Boolean).join('\n'),
    modality: '',
    count: '',
    facts: '',
    badge: '',
    isPlainBadge: false,
    isExpanded: isBranch(item) ? isExpanded(item.key) : null,
    ...cells,
  };
}

const BRANCHES: ReadonlySet<TreeItem['kind']> = new Set(['folder', 'patient', 'study', 'group']);

function isBranch(item: TreeItem): boolean {
  if (item.kind === 'series') return item.parts.length > 0;
  return BRANCHES.has(item.kind);
}

function cellsOf(
  item: TreeItem,
  { seriesCounts }: Pick<TreeItems, 'seriesCounts'>,
  isCovered: boolean,
): Cells {
  switch (item.kind) {
    case 'folder': {
      return {
        ...nameOf(item, isCovered),
        count: `${formatCount(seriesCounts.get(item) ?? 0)} series`,
      };
    }
    case 'patient': {
      const { studies } = item;
      const count = studies.length > 1 ? `${formatCount(studies.length)} studies` : '';
      return { ...nameOf(item, isCovered), count };
    }
    case 'study': {
      const count = seriesCounts.get(item) ?? item.series.length;
      const label = isCovered ? coveredLabel(item) : item.label;
      return { label, count: count > 1 ? `${formatCount(count)} series` : '' };
    }
    case 'series':
      return seriesCells(item, isCovered);
    case 'part':
      return partCells(item, isCovered);
    case 'group':
      return { label: item.label, count: plural(item.count, 'file') };
    case 'skipped':
      return skippedCells(item, isCovered);
    case 'more':
      return moreCells(item);
  }
}

function nameOf(item: FolderNode | PatientNode, isCovered: boolean): Cells {
  if (isCovered) return { label: coveredLabel(item) };
  return { label: item.label, detail: item.detail };
}

function seriesCells(item: SeriesNode, isCovered: boolean): Cells {
  const { row, study, parts } = item;
  const label = isCovered ? coveredLabel(item) : item.label;
  const isImage = row.image_count > 0;
  const number = visibleText(row.series_number);
  const facts = [
    parts.length > 0 ? plural(parts.length, 'part') : '',
    isImage && row.rows > 0 ? `${String(row.columns)} × ${String(row.rows)}` : '',
    number === '' || label === `Series ${number}` ? '' : `#${number}`,
    row.size_bytes > 0 ? formatBytes(row.size_bytes) : '',
  ]
    .filter(Boolean)
    .join(' · ');
  const path = visibleText(pathBelow(row.folder, row.file_name));
  const more = row.file_count > 1 ? `\nand ${plural(row.file_count - 1, 'more file')}` : '';
  const note = visibleText(row.note);
  const warnings = row.warnings.map(visibleText);
  const badge = isImage ? seriesBadge(row) : 'no image';
  return {
    label,
    detail: study === null ? note : '',
    title: [label, `${countOf(row)} · ${facts}`, note, ...warnings, isCovered ? '' : path + more]
      .filter(Boolean)
      .join('\n'),
    modality: visibleText(row.modality),
    count: countOf(row),
    facts,
    badge,
    isPlainBadge: !isImage,
  };
}

function countOf({ image_count, frame_count, file_count }: SeriesRow): string {
  if (image_count === 0) return plural(file_count, 'file');
  return frame_count === image_count ? plural(image_count, 'image') : plural(frame_count, 'frame');
}

/** What is wrong in a word or two; the words of the server stand in the tooltip. */
function seriesBadge({ damaged, file_count, warnings }: SeriesRow): string {
  if (damaged > 0) {
    return file_count === 1 || damaged === 1 ? 'damaged' : `${String(damaged)} damaged`;
  }
  return warningCount(warnings);
}

function partCells(item: PartNode, isCovered: boolean): Cells {
  const { count, has_pixels, warnings } = item;
  const label = isCovered ? item.coveredLabel : item.label;
  return {
    label,
    count,
    title: [label, ...warnings].join('\n'),
    badge: has_pixels ? warningCount(warnings) : 'no image',
    isPlainBadge: !has_pixels,
  };
}

function warningCount(warnings: readonly string[]): string {
  return warnings.length === 0 ? '' : plural(warnings.length, 'warning');
}

function skippedCells({ row }: SkippedItem, isCovered: boolean): Cells {
  const detail = visibleText(row.reason);
  if (isCovered) return { label: COVERED, detail };
  return { label: fileName(row.path), detail, title: `${visibleText(row.path)}\n${detail}` };
}

function moreCells({ fetched, total }: MoreItem): Cells {
  const rest = formatCount(total - fetched);
  return fetched === 0
    ? { label: `${plural(total, 'file')} are looked up …` }
    : { label: `Show more: ${rest} are left` };
}
