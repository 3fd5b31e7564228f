import { visibleText } from '../../dicom/format';
import { regionWindow } from '../../dicom/regionStatistics';
import { moveHandle, moveShapes, onGrid } from '../../dicom/shapeEdits';
import {
  boundsOf,
  isRegion,
  isTooSmall,
  SHAPE_KINDS,
  type Box,
  type Shape,
} from '../../dicom/shapes';
import { hasVertices, insertPoint, nearestEdge, removePoint } from '../../dicom/vertexEdits';
import { toImagePoint, toMatrix, type Point } from '../../interaction/camera';
import type { KeyContext } from '../../interaction/keymap';
import { Sketch, type Pen } from '../../interaction/sketch';
import type { Comparison } from '../rois/comparison.svelte';
import type { RoiEntry } from '../rois/fileRois.svelte';
import type { RoiBook } from '../rois/roiBook.svelte';
import type { Viewer } from '../view/viewer.svelte';
import type { Results } from './measurementResult';
import { draftsOf, type Grip, type Part } from './shapeGrip';
import { isWithin, shapeHitAt, type ShapeItem, type ShapeLabel } from './shapeItems';
import { NO_DRAFTS, scaleOf, ShapeScene } from './shapeScene.svelte';
import type { Toolbox } from './toolbox.svelte';

/** The pointer over the viewport, in CSS pixels, with the keys that are held. */
export interface Touch {
  at: Point;
  /** A finger is less exact than a mouse. */
  isFinger: boolean;
  isEven: boolean;
  /** Draws from the middle; over points and edges it adds and takes away. */
  isFromCenter: boolean;
  /** Selects, whatever tool is in hand. */
  isChoosing: boolean;
}

/** A hand that means to click moves less than this. */
const CLICK_SLOP_CSS_PX = 5;

/** A finger that rests on a point for so long takes it away. */
const LONG_PRESS_MS = 600;

/** Drawing, taking and moving shapes in one viewport. */
export class ShapeEditor {
  readonly #viewer: Viewer;
  readonly #toolbox: Toolbox;
  readonly #rois: RoiBook;
  readonly #scene: ShapeScene;
  #sketch: Sketch | null = null;
  #grip: Grip | null = null;
  #hovered = $state.raw<{ key: string; kind: Part['kind'] } | null>(null);
  /** Where the pointer went down. */
  #pressedAt: Point = { x: NaN, y: NaN };
  /** It met nothing there. */
  #isEmptyPress = false;
  #hasMet = false;
  #longPress: ReturnType<typeof setTimeout> | undefined;
  /** The point of a shape that keys are for. */
  #chosen = $state.raw<{ key: string; index: number } | null>(null);
  /** Two opposite corners, in image points, of what is selected by a drag. */
  #marquee = $state.raw<{ from: Point; to: Point } | null>(null);

  constructor(
    viewer: Viewer,
    toolbox: Toolbox,
    rois: RoiBook,
    results: Results,
    comparison: Comparison,
  ) {
    this.#viewer = viewer;
    this.#toolbox = toolbox;
    this.#rois = rois;
    this.#scene = new ShapeScene(viewer, rois, results, comparison);
  }

  /** The shapes on the frame that is seen; the selected ones and the one that is drawn lie on top. */
  get items(): readonly ShapeItem[] {
    return this.#scene.items;
  }

  /** Those too many to be elements of the page. */
  get painted(): readonly ShapeItem[] {
    return this.#scene.painted;
  }

  /** The others. */
  get elements(): readonly ShapeItem[] {
    return this.#scene.elements;
  }

  get labels(): readonly ShapeLabel[] {
    return this.#scene.labels;
  }

  /** The shape that shows its handles. */
  get handled(): ShapeItem | null {
    return this.#scene.handled;
  }

  /** Its edges that can take another point. */
  get edges(): ShapeScene['edges'] {
    return this.#scene.edges;
  }

  /** Index of the point of it that keys are for. */
  get chosenPoint(): number | null {
    const { handled } = this.#scene;
    if (this.#chosen === null || this.#chosen.key !== handled?.key) return null;
    return this.#chosen.index < handled.shape.points.length ? this.#chosen.index : null;
  }

  /** What a drag holds, in image points. */
  get marquee(): Box | null {
    return this.#marquee && boundsOf([this.#marquee.from, this.#marquee.to]);
  }

  /** What is selected and seen here. */
  get selected(): readonly RoiEntry[] {
    return this.#scene.selected;
  }

  /** What is selected here and may be changed. */
  get free(): readonly RoiEntry[] {
    return this.#scene.free;
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

  /** What lies under the pointer, if nothing else says so, and why it is measured as it is. */
  get hoverText(): string | undefined {
    if (this.#hovered === null) return undefined;
    const { key } = this.#hovered;
    const item = this.items.find((one) => one.key === key);
    const isLabelled = this.labels.some((one) => one.key === key);
    const reason = visibleText(item?.result?.ruler.reason ?? '');
    return (
      [...(isLabelled ? [] : (item?.lines ?? [])), reason].filter(Boolean).join('\n') || undefined
    );
  }

  /** Whether clicks are for shapes: a tool draws them, or the last press met one. */
  get ownsClicks(): boolean {
    return this.#hasMet || this.#toolbox.shapeKind !== null;
  }

  get #isSketching(): boolean {
    return this.#scene.sketched !== null && this.#scene.sketched.key === this.#scene.frame?.key;
  }

  /** Takes hold of a shape, or draws where the tool does; false leaves the press to others. */
  press(touch: Touch): boolean {
    this.#isEmptyPress = false;
    this.#pressedAt = touch.at;
    const pen = this.#penOf(touch);
    if (pen === null) return false;
    if (this.#sketch !== null && this.#isSketching) {
      this.#sketch.press(pen);
      this.#followSketch();
      return true;
    }
    const hit = this.#hitAt(touch, pen);
    this.#hasMet = hit !== null || touch.isChoosing;
    if (touch.isChoosing) {
      this.#marquee = { from: pen.at, to: pen.at };
      return true;
    }
    if (hit !== null) {
      this.#take(hit, touch);
      return true;
    }
    const kind = this.#toolbox.shapeKind;
    if (kind === null) {
      this.#isEmptyPress = true;
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
    if (!this.#isClick(touch)) clearTimeout(this.#longPress);
    if (this.#marquee !== null) this.#marquee = { ...this.#marquee, to: pen.at };
    else if (this.#grip !== null) {
      this.#scene.drafts = draftsOf(this.#grip, pen, this.free);
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
    clearTimeout(this.#longPress);
    const pen = this.#penOf(touch);
    if (this.#marquee !== null && pen !== null) this.#choose(touch, pen);
    else if (this.#grip !== null) this.#letGrip();
    else if (pen !== null && this.#sketch !== null && this.#isSketching) {
      this.#sketch.release(pen);
      this.#followSketch();
    } else if (this.#isEmptyPress && this.#isClick(touch)) this.#rois.select([]);
    this.#isEmptyPress = false;
  }

  /** Puts a point where a line was clicked twice; false leaves the clicks to others. */
  doubleClick(touch: Touch): boolean {
    const pen = this.#penOf(touch);
    const hit = pen && this.#hitAt(touch, pen);
    if (pen === null || hit === null) return this.ownsClicks;
    const { entry, part } = hit;
    const { shape } = entry.roi;
    if (part.kind === 'shape' && hasVertices(shape) && !this.#rois.isLocked(entry.roi)) {
      const edge = nearestEdge(shape, pen.at, pen.scale);
      this.#rois.edit([entry], { shape: insertPoint(shape, edge, pen.at, pen.image) });
      this.#chosen = { key: entry.key, index: edge + 1 };
    }
    return true;
  }

  /** Gives up what the pointer was doing. */
  cancel(): void {
    this.#dropGrip();
    this.#sketch = null;
    this.#scene.sketched = null;
  }

  /** Makes as if the last press had not been. */
  withdraw(): void {
    this.#dropGrip();
    this.#isEmptyPress = false;
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

  /** Lets go of a point, or else of all that is selected. */
  letGo(): void {
    if (this.chosenPoint === null) this.#rois.select([]);
    else this.#chosen = null;
  }

  /** Removes the point that is chosen, or else what is selected, unless hands are kept off it. */
  deleteSelected(): void {
    const point = this.chosenPoint;
    const [entry] = this.free;
    if (point !== null && entry !== undefined && hasVertices(entry.roi.shape)) {
      this.#removePoint(entry, point);
    } else if (this.free.length > 0) this.#rois.remove(this.free);
  }

  /** Moves the point that is chosen, or else what is selected, by image pixels in directions of the screen. */
  nudge(right: number, down: number): void {
    const { camera } = this.#viewer;
    const { frame, free } = this.#scene;
    const [first] = free;
    if (camera === null || frame === null || first === undefined) return;
    const { a, b, c, d } = toMatrix(camera);
    // Turns are by quarters: each direction of the screen is one of the image.
    const dx = Math.sign(a) * right + Math.sign(b) * down;
    const dy = Math.sign(c) * right + Math.sign(d) * down;
    const point = this.chosenPoint;
    if (point !== null) {
      const { shape } = first.roi;
      const { x, y } = shape.points[point] ?? { x: 0, y: 0 };
      const options = { image: frame.image };
      const moved = moveHandle(shape, point, { x: x + dx, y: y + dy }, options);
      if (!isTooSmall(moved)) {
        this.#rois.edit([first], { shape: moved }, `nudge point ${String(point)}`);
      }
      return;
    }
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

  /** Shows how far the drawing is; a shape that is whole becomes an ROI. */
  #followSketch(): void {
    const { frame } = this.#scene;
    if (this.#sketch === null || frame === null) return;
    const { shape, isDone } = this.#sketch;
    if (!isDone) {
      this.#scene.sketched = { key: frame.key, shape };
      return;
    }
    this.cancel();
    if (isTooSmall(shape)) return;
    const { ref, isOnlyFrame } = frame;
    this.#rois.add(ref.file, [this.#rois.newRoi(shape, isOnlyFrame ? 'all' : [ref.frame_index])]);
  }

  /** Selects what was met, with Shift beside what is selected already, and takes hold of it. */
  #take(grip: Grip, touch: Touch): void {
    const { entry, part } = grip;
    this.#chosen = null;
    if (touch.isEven && (part.kind === 'shape' || part.kind === 'label')) {
      this.#rois.toggle(entry.key);
      return;
    }
    if (!this.#rois.selection.has(entry.key)) this.#rois.select([entry.key]);
    if (this.#rois.isLocked(entry.roi) && part.kind !== 'label') return;
    const isPoint = part.kind === 'handle' && hasVertices(entry.roi.shape);
    if (touch.isFromCenter && isPoint) {
      this.#removePoint(entry, part.handle);
      return;
    }
    this.#grip = touch.isFromCenter ? this.#reshaping(grip, touch) : grip;
    // What is put in is there even if it is not moved.
    if (this.#grip.part.kind === 'edge') this.move(touch);
    if (touch.isFinger && isPoint) {
      this.#longPress = setTimeout(() => {
        this.#dropGrip();
        this.#removePoint(entry, part.handle);
      }, LONG_PRESS_MS);
    }
  }

  /** With Alt a line is not moved: it gets another point, or is pulled where it is held. */
  #reshaping(grip: Grip, touch: Touch): Grip {
    const { shape } = grip.entry.roi;
    const pen = this.#penOf(touch);
    if (grip.part.kind !== 'shape' || pen === null) return grip;
    if (shape.kind === 'freehand') return { ...grip, part: { kind: 'bend' } };
    if (!hasVertices(shape)) return grip;
    return { ...grip, part: { kind: 'edge', edge: nearestEdge(shape, pen.at, pen.scale) } };
  }

  #removePoint(entry: RoiEntry, index: number): void {
    const shape = removePoint(entry.roi.shape, index);
    this.#chosen = null;
    if (shape !== null) this.#rois.edit([entry], { shape });
  }

  #dropGrip(): void {
    clearTimeout(this.#longPress);
    this.#grip = null;
    this.#marquee = null;
    this.#scene.drafts = NO_DRAFTS;
  }

  #letGrip(): void {
    const { drafts } = this.#scene;
    const grip = this.#grip;
    this.#dropGrip();
    const moved = this.selected.filter(({ key }) => {
      const draft = drafts.get(key);
      return draft !== undefined && !isTooSmall(draft.shape);
    });
    const parts = new Map(moved.map(({ key, roi }) => [roi.id, drafts.get(key)]));
    if (moved.length > 0) this.#rois.edit(moved, ({ id }) => ({ ...parts.get(id) }));
    if (grip === null) return;
    const { part, entry } = grip;
    // A point that was clicked, or is new, is the one that keys are for.
    if (part.kind === 'edge' && moved.length > 0) {
      this.#chosen = { key: entry.key, index: part.edge + 1 };
    } else if (part.kind === 'handle' && drafts.size === 0) {
      const isPoint = !SHAPE_KINDS[entry.roi.shape.kind].hasBox;
      this.#chosen = isPoint ? { key: entry.key, index: part.handle } : null;
    }
  }

  /** Selects what the drag holds, or what was clicked; with Shift beside what is selected already. */
  #choose(touch: Touch, pen: Pen): void {
    const box = this.marquee;
    this.#marquee = null;
    if (this.#isClick(touch)) {
      const hit = this.#hitAt(touch, pen);
      if (hit !== null) this.#rois.toggle(hit.entry.key);
      return;
    }
    const held = this.items.filter(
      ({ key, shape }) =>
        key !== '' && box !== null && shape.points.every((at) => isWithin(box, at)),
    );
    const before = touch.isEven ? this.#rois.selection : [];
    this.#rois.select([...before, ...held.map(({ key }) => key)]);
  }

  #isClick({ at: { x, y } }: Touch): boolean {
    return Math.hypot(x - this.#pressedAt.x, y - this.#pressedAt.y) < CLICK_SLOP_CSS_PX;
  }

  #hitAt(touch: Touch, pen: Pen): Grip | null {
    // Who draws, draws also where a label happens to stand.
    const labels = this.#toolbox.shapeKind === null ? this.labels : [];
    const hit = shapeHitAt(this.#scene, labels, touch, pen);
    const entry = hit === null ? null : this.#rois.find(hit.key);
    const { camera } = this.#viewer;
    if (hit === null || entry === null || camera === null) return null;
    const box = this.labels.find(({ key }) => key === hit.key)?.box;
    const corner = { x: box?.left ?? 0, y: box?.top ?? 0 };
    return { entry, part: hit.part, from: pen.at, labelAt: toImagePoint(camera, corner) };
  }

  #penOf({ at, isEven, isFromCenter }: Touch): Pen | null {
    const { camera } = this.#viewer;
    const image = this.#scene.frame?.image;
    if (camera === null || image === undefined) return null;
    const point = onGrid(toImagePoint(camera, at));
    return { at: point, scale: scaleOf(camera), image, isEven, isFromCenter };
  }
}
