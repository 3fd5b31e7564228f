/** The lists of the ROI panel: which ROIs there are, filtered and in an order. */
import type { RoiCount } from '../../api/types.gen';
import { visibleText } from '../../dicom/format';
import type { FrameRef } from '../../dicom/frameRef';
import { firstFrame, isOnFrame, type Roi } from '../../dicom/roi';
import { isRegion, SHAPE_KINDS, type Shape } from '../../dicom/shapes';
import { shapeArea } from '../../dicom/shapeMeasures';
import type { Session } from '../session';
import type { RoiEntry } from './fileRois.svelte';
import type { RoiFilter, RoiSort } from './roiFilter.svelte';

/** One line of the list of ROIs. */
export interface RoiItem {
  kind: 'roi';
  key: string;
  level: 1;
  entry: RoiEntry;
  /** The frame it belongs to, or the first of them. */
  ref: FrameRef;
  /** Where its frame stands in the stack, from 1. */
  frame_number: number;
}

/** Stands for the ROIs of a series. */
export interface SeriesItem {
  kind: 'series';
  key: string;
  level: 1;
  series: number;
  count: number;
  fileCount: number;
  /** The first file that has some. */
  file: number;
  labels: readonly string[];
}

export interface RoiListing {
  items: readonly (RoiItem | SeriesItem)[];
  /** How many are left out for their score alone. */
  lowScores: number;
  /** How many the scope holds. */
  total: number;
}

/** What the panel lists. */
export function roiListing(session: Session): RoiListing {
  const { roiFilter, rois } = session;
  const all = roiFilter.scope === 'all' ? [] : scopedItems(session, roiFilter.scope);
  const matching = all.filter(({ entry }) => isMatching(roiFilter, entry.roi));
  const items = matching.filter(({ entry: { roi } }) => !isLow(roi, rois.leastScore));
  items.sort(ORDERS[roiFilter.sort]);
  if (roiFilter.scope !== 'all') {
    return { items, lowScores: matching.length - items.length, total: all.length };
  }
  const series = seriesItems(session.roiSync.overview.values());
  return {
    items: series.filter((item) => isSeriesMatching(session, item)),
    lowScores: 0,
    total: series.reduce((sum, { count }) => sum + count, 0),
  };
}

/** The ROIs of the stack that is looked at, in the order of its frames. */
export function stackItems({ viewer, rois }: Session): RoiItem[] {
  const { stack } = viewer;
  if (stack === null) return [];
  const items = [...new Set(stack.row.files)].flatMap((file) =>
    rois.of(file).flatMap((entry): RoiItem[] => {
      const ref = { file, frame_index: firstFrame(entry.roi) };
      const place = stack.placeOf(ref);
      const { key } = entry;
      return place === null
        ? []
        : [{ kind: 'roi', key, level: 1, entry, ref, frame_number: place.position + 1 }];
    }),
  );
  return items.sort(ORDERS.frame);
}

/** How many ROIs and files with some each series has. */
export function seriesItems(counts: Iterable<RoiCount>): SeriesItem[] {
  const items = new Map<number, SeriesItem>();
  for (const { index, series, count, labels } of counts) {
    if (count === 0) continue;
    const item = items.get(series) ?? {
      kind: 'series' as const,
      key: `series ${String(series)}`,
      level: 1 as const,
      series,
      count: 0,
      fileCount: 0,
      file: index,
      labels: [],
    };
    items.set(series, {
      ...item,
      count: item.count + count,
      fileCount: item.fileCount + 1,
      file: Math.min(item.file, index),
      labels: [...new Set([...item.labels, ...labels])],
    });
  }
  return [...items.values()].sort((one, other) => one.series - other.series);
}

function scopedItems(session: Session, scope: 'frame' | 'stack'): RoiItem[] {
  const items = stackItems(session);
  const ref = session.viewer.seen?.ref;
  if (scope === 'stack') return items;
  return items.filter(
    ({ entry: { file, roi } }) => file === ref?.file && isOnFrame(roi, ref.frame_index),
  );
}

function isMatching({ text, label, layer }: RoiFilter, roi: Roi): boolean {
  if (label !== null && roi.label !== label) return false;
  if (layer !== null && roi.group !== layer) return false;
  const wanted = text.trim().toLowerCase();
  if (wanted === '') return true;
  const { group, note, author, source, shape } = roi;
  return [roi.label, group, note, author, source, SHAPE_KINDS[shape.kind].name].some((part) =>
    visibleText(part).toLowerCase().includes(wanted),
  );
}

function isSeriesMatching({ roiFilter, study }: Session, item: SeriesItem): boolean {
  if (roiFilter.label !== null && !item.labels.includes(roiFilter.label)) return false;
  const wanted = roiFilter.text.trim().toLowerCase();
  const name = study.series(item.series)?.label ?? '';
  return [name, ...item.labels].some((part) => part.toLowerCase().includes(wanted));
}

function isLow({ score }: Roi, leastScore: number): boolean {
  return score !== null && score < leastScore;
}

const byFrame = (one: RoiItem, other: RoiItem) => one.frame_number - other.frame_number;

const areas = new WeakMap<Shape, number>();

/** In pixels: the order does not depend on which frames were measured so far. */
function areaOf({ entry: { roi } }: RoiItem): number {
  const { shape } = roi;
  const area = areas.get(shape) ?? (isRegion(shape) ? (shapeArea(shape, { x: 1, y: 1 }) ?? 0) : 0);
  areas.set(shape, area);
  return area;
}

/** What has no score comes last. */
const scoreOf = ({ entry }: RoiItem) => entry.roi.score ?? -Number.MAX_VALUE;

/** Large areas and high scores first; what is alike stays in the order of the frames. */
const ORDERS: Readonly<Record<RoiSort, (one: RoiItem, other: RoiItem) => number>> = {
  frame: byFrame,
  label: (one, other) =>
    one.entry.roi.label.localeCompare(other.entry.roi.label) || byFrame(one, other),
  score: (one, other) => scoreOf(other) - scoreOf(one) || byFrame(one, other),
  area: (one, other) => areaOf(other) - areaOf(one) || byFrame(one, other),
};
