import { formatCount, plural, visibleText } from '../../dicom/format';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { SeriesNode } from './catalog';
import type { SeriesContent, Stack } from '../view/seriesContent';
import { treeRow } from './treeRows';

/** One frame of a series. */
export interface FrameItem {
  readonly kind: 'frame';
  readonly key: string;
  readonly ref: FrameRef;
  readonly stack: Stack;
  /** From 1. */
  readonly number: number;
  /** Which value of the dimension it has, from 0. */
  readonly value: number;
}

/** What stands in a contact sheet: things that exist already, so that a long one is made quickly. */
export type SheetItem = SeriesNode | FrameItem;

/** What one cell says. */
export interface SheetCell {
  key: string;
  item: SheetItem;
  frame: FrameRef | null;
  label: string;
  detail: string;
  badge: string;
  isPlainBadge: boolean;
  title: string;
  /** Frames to scrub through. */
  frameCount: number;
}

/** All frames of a series, or of one of its stacks. */
export function frameItems({ stacks }: SeriesContent, stackKey: string | null): FrameItem[] {
  return stacks
    .filter(({ key, has_pixels }) => has_pixels && (stackKey === null || key === stackKey))
    .flatMap((stack) =>
      stack.lanes.flatMap((lane, value) =>
        lane.map((ref, position) => ({
          kind: 'frame' as const,
          key: `${stack.key}/${frameKey(ref)}`,
          ref,
          stack,
          number: position + 1,
          value,
        })),
      ),
    );
}

/** The cell of an item: made only for those in sight. */
export function sheetCell(item: SheetItem, wanted: { isIdentityHidden?: boolean } = {}): SheetCell {
  return item.kind === 'frame' ? frameCell(item, wanted) : seriesCell(item, wanted);
}

function seriesCell(item: SeriesNode, wanted: { isIdentityHidden?: boolean }): SheetCell {
  const row = treeRow(item, { seriesCounts: new Map() }, () => false, wanted);
  return {
    key: item.key,
    item,
    frame: item.row.thumbnail,
    label: row.label,
    detail: [row.modality, row.count].filter(Boolean).join(' · '),
    badge: row.badge,
    isPlainBadge: row.isPlainBadge,
    title: row.title,
    frameCount: item.row.frame_count,
  };
}

function frameCell(item: FrameItem, wanted: { isIdentityHidden?: boolean }): SheetCell {
  const { stack, number, value, ref } = item;
  const { dimension } = stack.row;
  const unit = dimension === null ? '' : visibleText(dimension.unit);
  const said = dimension === null ? '' : visibleText(dimension.values[value] ?? '');
  const label = formatCount(number);
  const detail = [said, unit].filter(Boolean).join(' ');
  return {
    key: item.key,
    item,
    frame: ref,
    label,
    detail,
    badge: '',
    isPlainBadge: false,
    title: [
      `Image ${label} of ${plural(stack.lanes[value]?.length ?? 0, 'image')}`,
      detail,
      wanted.isIdentityHidden === true ? '' : stack.label,
    ]
      .filter(Boolean)
      .join('\n'),
    frameCount: 1,
  };
}
