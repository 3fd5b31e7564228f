import { visibleText } from '../../dicom/format';
import { frameKey } from '../../dicom/frameRef';
import { regionWindow } from '../../dicom/regionStatistics';
import { moveHandle, moveShapes, type Scale } from '../../dicom/shapeEdits';
import { isRegion, isTooSmall, type ImagePoint, type Shape } from '../../dicom/shapes';
import { toImagePoint, toMatrix, type Camera, type Point } from '../../interaction/camera';
import type { KeyContext } from '../../interaction/keymap';
import { Sketch, type Pen } from '../../interaction/sketch';
import { shapeLines, type Results } from './measurementResult';
import { shapeHitAt, shapeLabels, type Part, type ShapeItem, type ShapeLabel } from './shapeItems';
import type { Roi } from '../../dicom/roi';
import type { RoiEntry } from '../rois/fileRois.svelte';
import type { RoiBook } from '../rois/roiBook.svelte';
import type { Toolbox } from './toolbox.svelte';
import type { Viewer } from '../view/viewer.svelte';

/** The pointer over the viewport, in CSS pixels, with the keys that are held. */
export interface Touch {
  at: Point;
  /** A finger is less exact than a mouse. */
  isFinger: boolean;
  isEven: boolean;
  isFromCenter: boolean;
}

interface Grip {
  entry: RoiEntry;
  part: Part;
  from: ImagePoint;
  /** Where the label stood, in image points. */
  labelAt: ImagePoint;
}

/** What a grip makes of an ROI, before it is let go. */
type Draft = Pick<Roi, 'shape' | 'labelOffset'>;

const NOTHING: ReadonlyMap<string, Draft> = new Map();

/** With more shapes than this on a frame only those that are selected are measured. */
const MOST_MEASURED = 60;

/** A hand that means to click moves less than this. */
const CLICK_SLOP_CSS_PX = 5;

/** Drawing, taking and moving shapes in one viewport. */
export class ShapeEditor {
  readonly #viewer: Viewer;
  readonly #toolbox: Toolbox;
  readonly #rois: RoiBook;
  readonly #results: Results;
  #sketch: Sketch | null = null;
  /** The frame that is drawn on, and the shape so far. */
  #sketched = $state.raw<{ key: string; shape: Shape } | null>(null);
  #grip: Grip | null = null;
  /** What is moved, as it would be if it were let go now. */
  #drafts = $state.raw<ReadonlyMap<string, Draft>>(NOTHING);
  #hovered = $state.raw<{ key: string; kind: Part['kind'] } | null>(null);
  /** Where the pointer went down without meeting anything. */
  #emptyPress: Point | null = null;
  #hasMet = false;

  readonly #frame = $derived.by(() => {
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

  /** The shapes on the frame that is seen; the selected ones and the one that is drawn lie on top. */
  readonly items: readonly ShapeItem[] = $derived.by(() => {
    const frame = this.#frame;
    if (frame === null) return [];
    const { selection } = this.#rois;
    const entries = this.#rois.seenOn(frame.ref);
    const areMeasured = entries.length <= MOST_MEASURED;
    const items = entries.map(({ key, roi }) => {
      const isSelected = selection.has(key);
      const drawn = { ...roi, ...this.#drafts.get(key) };
      return this.#itemOf(key, drawn, isSelected, isSelected || areMeasured);
    });
    items.sort((one, other) => Number(one.isSelected) - Number(other.isSelected));
    if (this.#sketched?.key === frame.key) {
      items.push(this.#itemOf('', this.#rois.newRoi(this.#sketched.shape, 'all'), true, true));
    }
    return items;
  });

  readonly labels: readonly ShapeLabel[] = $derived.by(() => {
    const { camera } = this.#viewer;
    return camera === null ? [] : shapeLabels(this.items, camera);
  });

  /** What is selected and seen here. */
  readonly selected: readonly RoiEntry[] = $derived.by(() => {
    const ref = this.#frame?.ref;
    if (ref === undefined) return [];
    const { selection } = this.#rois;
    return this.#rois.seenOn(ref).filter(({ key }) => selection.has(key));
  });

  /** What is selected here and may be changed. */
  readonly free: readonly RoiEntry[] = $derived(
    this.selected.filter(({ roi }) => !this.#rois.isLocked(roi)),
  );

  constructor(viewer: Viewer, toolbox: Toolbox, rois: RoiBook, results: Results) {
    this.#viewer = viewer;
    this.#toolbox = toolbox;
    this.#rois = rois;
    this.#results = results;
  }

  /** Which keys mean something else here now. */
  get keyContext(): KeyContext | null {
    if (this.#isSketching) return 'drawing';
    if (this.selected.length > 0) return 'selection';
    return this.#toolbox.shapeKind === null ? null : 'tool';
  }

  /** What lies under the pointer, for its form. */
  get hovered(): Part['kind'] | null {
    return this.#hovered?.kind ?? null;
  }

  /** Why what lies under the pointer is measured as it is. */
  get hoverText(): string | undefined {
    const item = this.items.find(({ key }) => key === this.#hovered?.key);
    const reason = item?.result?.ruler.reason;
    return reason === undefined ? undefined : visibleText(reason);
  }

  /** Whether clicks are for shapes: a tool draws them, or the last press met one. */
  get ownsClicks(): boolean {
    return this.#hasMet || this.#toolbox.shapeKind !== null;
  }

  get #isSketching(): boolean {
    return this.#sketched !== null && this.#sketched.key === this.#frame?.key;
  }

  /** Takes hold of a shape, or draws where the tool does; false leaves the press to others. */
  press(touch: Touch): boolean {
    this.#emptyPress = null;
    const frame = this.#frame;
    const pen = this.#penOf(touch);
    if (frame === null || pen === null) return false;
    if (this.#sketch !== null && this.#isSketching) {
      this.#sketch.press(pen);
      this.#followSketch();
      return true;
    }
    const hit = this.#hitAt(touch, pen);
    this.#hasMet = hit !== null;
    if (hit !== null) {
      this.#take(hit, touch);
      return true;
    }
    const kind = this.#toolbox.shapeKind;
    if (kind === null) {
      this.#emptyPress = touch.at;
      return false;
    }
    this.#rois.select([]);
    // Nobody draws what is not to be seen.
    this.#rois.isShown = true;
    this.#rois.layers.drawInto(this.#rois.layers.target);
    this.#sketch = new Sketch(kind, pen);
    this.#followSketch();
    return true;
  }

  move(touch: Touch): void {
    const pen = this.#penOf(touch);
    if (pen === null) return;
    if (this.#grip !== null) {
      this.#drafts = this.#dragged(this.#grip, pen);
    } else if (this.#sketch !== null && this.#isSketching) {
      this.#sketch.move(pen);
      this.#followSketch();
    } else {
      const hit = this.#hitAt(touch, pen);
      const isSame =
        hit?.entry.key === this.#hovered?.key && hit?.part.kind === this.#hovered?.kind;
      if (!isSame) this.#hovered = hit && { key: hit.entry.key, kind: hit.part.kind };
    }
  }

  release(touch: Touch): void {
    const pen = this.#penOf(touch);
    if (this.#grip !== null) this.#letGrip();
    else if (pen !== null && this.#sketch !== null && this.#isSketching) {
      this.#sketch.release(pen);
      this.#followSketch();
    } else if (this.#emptyPress !== null) {
      const { x, y } = this.#emptyPress;
      const isClick = Math.hypot(touch.at.x - x, touch.at.y - y) < CLICK_SLOP_CSS_PX;
      if (isClick) this.#rois.select([]);
    }
    this.#emptyPress = null;
  }

  /** Gives up what the pointer was doing. */
  cancel(): void {
    this.#grip = null;
    this.#drafts = NOTHING;
    this.#sketch = null;
    this.#sketched = null;
  }

  /** Makes as if the last press had not been. */
  withdraw(): void {
    this.#grip = null;
    this.#drafts = NOTHING;
    this.#emptyPress = null;
    if (this.#sketch !== null) this.takeBack();
  }

  /** Ends a shape that could have more points. */
  finish(): void {
    this.#sketch?.finish();
    this.#followSketch();
  }

  /** Takes back the last point of the shape that is drawn. */
  takeBack(): void {
    if (this.#sketch?.takeBack() === true) this.#followSketch();
    else this.cancel();
  }

  /** Removes what is selected, unless hands are kept off it. */
  deleteSelected(): void {
    if (this.free.length > 0) this.#rois.remove(this.free);
  }

  /** Moves what is selected by image pixels, in directions of the screen. */
  nudge(right: number, down: number): void {
    const { camera } = this.#viewer;
    const frame = this.#frame;
    const { free } = this;
    if (camera === null || frame === null || free.length === 0) return;
    const { a, b, c, d } = toMatrix(camera);
    // Turns are by quarters: each direction of the screen is one of the image.
    const dx = Math.sign(a) * right + Math.sign(b) * down;
    const dy = Math.sign(c) * right + Math.sign(d) * down;
    const moved = moveShapes(free, ({ roi }) => roi.shape, dx, dy, frame.image);
    const shapes = new Map(free.map((entry) => [entry.roi.id, moved.get(entry)]));
    this.#rois.edit(free, ({ id, shape }) => ({ shape: shapes.get(id) ?? shape }), 'nudge');
  }

  /** The window over what a region shows; nothing where it has no values. */
  windowFrom(shape: Shape): void {
    const { shown, windowing } = this.#viewer;
    if (shown === null || !isRegion(shape) || windowing.voi === null) return;
    const window = regionWindow(shown.stored, shown.recipe, shape);
    if (window !== null) windowing.show(window);
  }

  #itemOf(key: string, roi: Roi, isSelected: boolean, isMeasured: boolean): ShapeItem {
    const { shape, labelOffset } = roi;
    const frame = this.#frame?.measured ?? null;
    const isReady = isMeasured && frame !== null && !isTooSmall(shape);
    const result = isReady ? this.#results.of(shape, frame) : null;
    const lines = shapeLines(roi, result, isSelected);
    return {
      key,
      shape,
      isSelected,
      isLocked: this.#rois.isLocked(roi),
      isReadOnly: roi.locked,
      color: this.#rois.colorOf(roi),
      labelOffset,
      result,
      lines,
    };
  }

  /** Shows how far the drawing is; a shape that is whole becomes an ROI. */
  #followSketch(): void {
    const frame = this.#frame;
    if (this.#sketch === null || frame === null) return;
    const { shape, isDone } = this.#sketch;
    if (!isDone) {
      this.#sketched = { key: frame.key, shape };
      return;
    }
    this.cancel();
    if (isTooSmall(shape)) return;
    const { ref, isOnlyFrame } = frame;
    this.#rois.add(ref.file, [this.#rois.newRoi(shape, isOnlyFrame ? 'all' : [ref.frame_index])]);
  }

  /** Selects what was met, with Shift beside what is selected already, and takes hold of it. */
  #take(grip: Grip, { isEven }: Touch): void {
    const { key, roi } = grip.entry;
    if (isEven && grip.part.kind !== 'handle') {
      this.#rois.toggle(key);
      return;
    }
    if (!this.#rois.selection.has(key)) this.#rois.select([key]);
    if (!this.#rois.isLocked(roi) || grip.part.kind === 'label') this.#grip = grip;
  }

  #dragged({ entry: { key, roi }, part, from, labelAt }: Grip, pen: Pen): Map<string, Draft> {
    const { shape, labelOffset } = roi;
    const [dx, dy] = [pen.at.x - from.x, pen.at.y - from.y];
    switch (part.kind) {
      case 'handle':
        return new Map([
          [key, { labelOffset, shape: moveHandle(shape, part.handle, pen.at, pen) }],
        ]);
      case 'shape': {
        const { free } = this;
        const moved = moveShapes(free, (one) => one.roi.shape, dx, dy, pen.image);
        return new Map(
          free.map((one) => [
            one.key,
            { labelOffset: one.roi.labelOffset, shape: moved.get(one) ?? one.roi.shape },
          ]),
        );
      }
      case 'label': {
        const [first = { x: 0, y: 0 }] = shape.points;
        const offset = { x: labelAt.x + dx - first.x, y: labelAt.y + dy - first.y };
        return new Map([[key, { shape, labelOffset: offset }]]);
      }
    }
  }

  #letGrip(): void {
    const drafts = this.#drafts;
    this.#grip = null;
    this.#drafts = NOTHING;
    const moved = this.selected.filter(({ key }) => {
      const draft = drafts.get(key);
      return draft !== undefined && !isTooSmall(draft.shape);
    });
    const parts = new Map(moved.map(({ key, roi }) => [roi.id, drafts.get(key)]));
    if (moved.length > 0) this.#rois.edit(moved, ({ id }) => ({ ...parts.get(id) }));
  }

  #hitAt(touch: Touch, pen: Pen): Grip | null {
    // Who draws, draws also where a label happens to stand.
    const labels = this.#toolbox.shapeKind === null ? this.labels : [];
    const hit = shapeHitAt(this.items, labels, touch, pen);
    const entry = hit === null ? null : this.#rois.find(hit.key);
    const { camera } = this.#viewer;
    if (hit === null || entry === null || camera === null) return null;
    const box = this.labels.find(({ key }) => key === hit.key)?.box;
    const corner = { x: box?.left ?? 0, y: box?.top ?? 0 };
    return { entry, part: hit.part, from: pen.at, labelAt: toImagePoint(camera, corner) };
  }

  #penOf({ at, isEven, isFromCenter }: Touch): Pen | null {
    const { camera } = this.#viewer;
    const image = this.#frame?.image;
    if (camera === null || image === undefined) return null;
    return { at: toImagePoint(camera, at), scale: scaleOf(camera), image, isEven, isFromCenter };
  }
}

/** CSS pixels for a column and for a row. */
function scaleOf({ zoom, pixelAspect }: Camera): Scale {
  return { x: zoom, y: zoom * pixelAspect };
}
