import { frameKey } from '../../dicom/frameRef';
import { OUTCOMES } from '../../dicom/outcomeColors';
import type { Roi } from '../../dicom/roi';
import type { Scale } from '../../dicom/shapeEdits';
import { isTooSmall, type Shape } from '../../dicom/shapes';
import { longEdges } from '../../dicom/vertexEdits';
import type { Camera } from '../../interaction/camera';
import type { Comparison } from '../rois/comparison.svelte';
import type { RoiEntry } from '../rois/fileRois.svelte';
import type { RoiBook } from '../rois/roiBook.svelte';
import type { Viewer } from '../view/viewer.svelte';
import { shapeLines, type Results } from './measurementResult';
import type { Draft } from './shapeGrip';
import { shapeLabels, type ShapeItem, type ShapeLabel } from './shapeItems';

export const NO_DRAFTS: ReadonlyMap<string, Draft> = new Map();

/** With more shapes than this on a frame only those that are selected are measured and labelled, and no more of them. */
const MOST_MEASURED = 60;

/** With more of them, those that are not selected are painted, and not put up one by one. */
const MOST_ELEMENTS = 200;

/** The middle of a shorter edge is left to its ends. */
const LEAST_EDGE_CSS_PX = 36;

/** The shapes on the frame that one viewport shows, as they are or as a hand would leave them now. */
export class ShapeScene {
  readonly #viewer: Viewer;
  readonly #rois: RoiBook;
  readonly #results: Results;
  readonly #comparison: Comparison;
  /** What is moved, as it would be if it were let go now. */
  drafts = $state.raw(NO_DRAFTS);
  /** The frame that is drawn on, and the shape so far. */
  sketched = $state.raw<{ key: string; shape: Shape } | null>(null);

  readonly frame = $derived.by(() => {
    const { seen, shown, stack, scroll } = this.#viewer;
    if (seen === null || stack === null) return null;
    const { ref, columns, rows } = seen;
    const file = scroll.fileOf(ref.file);
    const path = file?.path ?? '';
    return {
      key: frameKey(ref),
      ref,
      isOnlyFrame: file?.frame_count === 1,
      image: { width: columns, height: rows },
      measured: shown && { ref, path, stored: shown.stored, recipe: shown.recipe },
    };
  });

  readonly #entries = $derived.by(() =>
    this.frame === null ? [] : this.#rois.seenOn(this.frame.ref),
  );
  readonly #areMeasured = $derived(this.#entries.length <= MOST_MEASURED);

  /** What is selected and seen here. */
  readonly selected: readonly RoiEntry[] = $derived.by(() => {
    const { selection } = this.#rois;
    return this.#entries.filter(({ key }) => selection.has(key));
  });

  /** What is selected here and may be changed. */
  readonly free: readonly RoiEntry[] = $derived(
    this.selected.filter(({ roi }) => !this.#rois.isLocked(roi)),
  );

  /** What is not selected. */
  readonly #resting: readonly ShapeItem[] = $derived.by(() => {
    const { selection } = this.#rois;
    return this.#entries
      .filter(({ key }) => !selection.has(key))
      .map(({ key, roi }) => this.#itemOf(key, roi, false));
  });

  /** What is selected or drawn. */
  readonly #lively: readonly ShapeItem[] = $derived.by(() => {
    const items = this.selected.map(({ key, roi }) =>
      this.#itemOf(key, { ...roi, ...this.drafts.get(key) }, true),
    );
    if (this.sketched !== null && this.sketched.key === this.frame?.key) {
      items.push(this.#itemOf('', this.#rois.newRoi(this.sketched.shape, 'all'), true));
    }
    return items;
  });

  /** All shapes; the selected ones and the one that is drawn lie on top. */
  readonly items: readonly ShapeItem[] = $derived([...this.#resting, ...this.#lively]);

  /** Those too many to be elements of the page: they are painted below the others. */
  readonly painted: readonly ShapeItem[] = $derived.by(() => {
    if (this.#lively.length > MOST_ELEMENTS) return this.items;
    return this.#resting.length > MOST_ELEMENTS ? this.#resting : [];
  });

  /** The others. */
  readonly elements: readonly ShapeItem[] = $derived.by(() => {
    if (this.#lively.length > MOST_ELEMENTS) return [];
    return this.painted.length > 0 ? this.#lively : this.items;
  });

  readonly labels: readonly ShapeLabel[] = $derived.by(() => {
    const { camera } = this.#viewer;
    const labelled = this.#areMeasured ? this.items : this.#lively.slice(-MOST_MEASURED);
    return camera === null ? [] : shapeLabels(labelled, camera);
  });

  /** The shape that shows its handles: the only one that is selected, unless hands are kept off it. */
  readonly handled: ShapeItem | null = $derived.by(() => {
    const [only, ...others] = this.#lively.filter(({ key }) => key !== '');
    return only === undefined || others.length > 0 || only.isLocked ? null : only;
  });

  /** Its edges that have room for one more point. */
  readonly edges = $derived.by(() => {
    const { camera } = this.#viewer;
    if (this.handled === null || camera === null) return [];
    return longEdges(this.handled.shape, scaleOf(camera), LEAST_EDGE_CSS_PX);
  });

  constructor(viewer: Viewer, rois: RoiBook, results: Results, comparison: Comparison) {
    this.#viewer = viewer;
    this.#rois = rois;
    this.#results = results;
    this.#comparison = comparison;
  }

  #itemOf(key: string, roi: Roi, isSelected: boolean): ShapeItem {
    const { shape, labelOffset } = roi;
    const frame = this.frame?.measured ?? null;
    const isOneOfFew = isSelected && this.selected.length <= MOST_MEASURED;
    const isMeasured = this.#areMeasured || isOneOfFew;
    const isReady = isMeasured && frame !== null && !isTooSmall(shape);
    const result = isReady ? this.#results.of(shape, frame) : null;
    const { ref } = this.frame ?? {};
    const outcome = ref === undefined ? null : this.#comparison.outcomeOf(roi, ref);
    const { name, color } = outcome === null ? { name: '', color: '' } : OUTCOMES[outcome];
    // What agrees need not say so.
    const marks = outcome === 'matched' ? [] : [name].filter(Boolean);
    return {
      key,
      shape,
      isSelected,
      isLocked: this.#rois.isLocked(roi),
      isReadOnly: roi.locked,
      color: color || this.#rois.colorOf(roi),
      labelOffset,
      result,
      lines: [...marks, ...shapeLines(roi, result, isSelected)],
    };
  }
}

/** CSS pixels for a column and for a row. */
export function scaleOf({ zoom, pixelAspect }: Camera): Scale {
  return { x: zoom, y: zoom * pixelAspect };
}
