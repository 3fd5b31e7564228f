import { visibleText } from '../../dicom/format';
import { frameKey } from '../../dicom/frameRef';
import { regionWindow } from '../../dicom/regionStatistics';
import { moveHandle, moveShape, type Scale } from '../../dicom/shapeEdits';
import { isRegion, isTooSmall, type ImagePoint, type Shape } from '../../dicom/shapes';
import { toImagePoint, toMatrix, type Camera, type Point } from '../../interaction/camera';
import type { KeyContext } from '../../interaction/keymap';
import { Sketch, type Pen } from '../../interaction/sketch';
import { resultLines, type Results } from './measurementResult';
import type { Measurement, Measurements } from './measurements.svelte';
import { shapeHitAt, shapeLabels, type Part, type ShapeItem, type ShapeLabel } from './shapeItems';
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
  measurement: Measurement;
  part: Part;
  from: ImagePoint;
  /** Where the label stood, in image points. */
  labelAt: ImagePoint;
}

/** What a grip makes of a measurement, before it is let go. */
type Draft = Pick<Measurement, 'id' | 'shape' | 'labelOffset'>;

/** A hand that means to click moves less than this. */
const CLICK_SLOP_CSS_PX = 5;

/** Drawing, taking and moving shapes in one viewport. */
export class ShapeEditor {
  readonly #viewer: Viewer;
  readonly #toolbox: Toolbox;
  readonly #measurements: Measurements;
  readonly #results: Results;
  #sketch: Sketch | null = null;
  /** The frame that is drawn on, and the shape so far. */
  #sketched = $state.raw<{ key: string; shape: Shape } | null>(null);
  #grip: Grip | null = null;
  #draft = $state.raw<Draft | null>(null);
  #hovered = $state.raw<{ id: number; kind: Part['kind'] } | null>(null);
  /** Where the pointer went down without meeting anything. */
  #emptyPress: Point | null = null;
  #hasMet = false;

  readonly #frame = $derived.by(() => {
    const { seen, shown, stack, scroll } = this.#viewer;
    if (seen === null || stack === null) return null;
    const { ref, columns, rows } = seen;
    const path = scroll.fileOf(ref.file)?.path ?? '';
    return {
      key: frameKey(ref),
      ref,
      stack: stack.key,
      path,
      image: { width: columns, height: rows },
      measured: shown && { ref, path, stored: shown.stored, recipe: shown.recipe },
    };
  });

  /** The shapes on the frame that is seen; the selected one and the one that is drawn lie on top. */
  readonly items: readonly ShapeItem[] = $derived.by(() => {
    const frame = this.#frame;
    if (frame === null || !this.#measurements.isShown) return [];
    const { selectedId } = this.#measurements;
    const items = this.#measurements.onFrame(frame.ref, frame.stack).map((one) => {
      const { shape, labelOffset } = this.#draft?.id === one.id ? this.#draft : one;
      return this.#itemOf(one.id, shape, labelOffset, one.id === selectedId);
    });
    items.sort((one, other) => Number(one.isSelected) - Number(other.isSelected));
    if (this.#sketched?.key === frame.key) {
      items.push(this.#itemOf(0, this.#sketched.shape, null, true));
    }
    return items;
  });

  readonly labels: readonly ShapeLabel[] = $derived.by(() => {
    const { camera } = this.#viewer;
    return camera === null ? [] : shapeLabels(this.items, camera);
  });

  /** What is selected, if it is seen here. */
  readonly selected: Measurement | null = $derived.by(() => {
    const item = this.items.find(({ id, isSelected }) => isSelected && id !== 0);
    return item === undefined ? null : this.#measurements.find(item.id);
  });

  constructor(viewer: Viewer, toolbox: Toolbox, measurements: Measurements, results: Results) {
    this.#viewer = viewer;
    this.#toolbox = toolbox;
    this.#measurements = measurements;
    this.#results = results;
  }

  /** Which keys mean something else here now. */
  get keyContext(): KeyContext | null {
    if (this.#isSketching) return 'drawing';
    return this.selected === null ? null : 'selection';
  }

  /** What lies under the pointer, for its form. */
  get hovered(): Part['kind'] | null {
    return this.#hovered?.kind ?? null;
  }

  /** Why what lies under the pointer is measured as it is. */
  get hoverText(): string | undefined {
    const item = this.items.find(({ id }) => id === this.#hovered?.id);
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
      this.#measurements.select(hit.measurement.id);
      this.#grip = hit;
      return true;
    }
    const kind = this.#toolbox.shapeKind;
    if (kind === null) {
      this.#emptyPress = touch.at;
      return false;
    }
    this.#measurements.select(null);
    // Nobody draws what is not to be seen.
    this.#measurements.isShown = true;
    this.#sketch = new Sketch(kind, pen);
    this.#followSketch();
    return true;
  }

  move(touch: Touch): void {
    const pen = this.#penOf(touch);
    if (pen === null) return;
    if (this.#grip !== null) {
      this.#draft = this.#dragged(this.#grip, pen);
    } else if (this.#sketch !== null && this.#isSketching) {
      this.#sketch.move(pen);
      this.#followSketch();
    } else {
      const hit = this.#hitAt(touch, pen);
      const isSame =
        hit?.measurement.id === this.#hovered?.id && hit?.part.kind === this.#hovered?.kind;
      if (!isSame) this.#hovered = hit && { id: hit.measurement.id, kind: hit.part.kind };
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
      if (isClick) this.#measurements.select(null);
    }
    this.#emptyPress = null;
  }

  /** Gives up what the pointer was doing. */
  cancel(): void {
    this.#grip = null;
    this.#draft = null;
    this.#sketch = null;
    this.#sketched = null;
  }

  /** Makes as if the last press had not been. */
  withdraw(): void {
    this.#grip = null;
    this.#draft = null;
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

  /** Moves what is selected by image pixels, in directions of the screen. */
  nudge(right: number, down: number): void {
    const { camera } = this.#viewer;
    const { selected } = this;
    const frame = this.#frame;
    if (camera === null || selected === null || frame === null) return;
    const { a, b, c, d } = toMatrix(camera);
    // Turns are by quarters: each direction of the screen is one of the image.
    const dx = Math.sign(a) * right + Math.sign(b) * down;
    const dy = Math.sign(c) * right + Math.sign(d) * down;
    const shape = moveShape(selected.shape, dx, dy, frame.image);
    this.#measurements.edit(selected, { shape }, 'nudge');
  }

  /** The window over what a region shows; nothing where it has no values. */
  windowFrom(shape: Shape): void {
    const { shown, windowing } = this.#viewer;
    if (shown === null || !isRegion(shape) || windowing.voi === null) return;
    const window = regionWindow(shown.stored, shown.recipe, shape);
    if (window !== null) windowing.show(window);
  }

  #itemOf(
    id: number,
    shape: Shape,
    labelOffset: ImagePoint | null,
    isSelected: boolean,
  ): ShapeItem {
    const frame = this.#frame?.measured ?? null;
    const result = frame === null || isTooSmall(shape) ? null : this.#results.of(shape, frame);
    const lines = result === null ? [] : resultLines(shape, result);
    return { id, shape, isSelected, labelOffset, result, lines };
  }

  /** Shows how far the drawing is; a shape that is whole becomes a measurement. */
  #followSketch(): void {
    const frame = this.#frame;
    if (this.#sketch === null || frame === null) return;
    const { shape, isDone } = this.#sketch;
    if (!isDone) {
      this.#sketched = { key: frame.key, shape };
      return;
    }
    this.cancel();
    const { ref, stack, path } = frame;
    if (!isTooSmall(shape)) this.#measurements.add({ shape, ref, stack, path });
  }

  #dragged({ measurement, part, from, labelAt }: Grip, pen: Pen): Draft {
    const { id, shape, labelOffset } = measurement;
    const [dx, dy] = [pen.at.x - from.x, pen.at.y - from.y];
    switch (part.kind) {
      case 'handle':
        return { id, labelOffset, shape: moveHandle(shape, part.handle, pen.at, pen) };
      case 'shape':
        return { id, labelOffset, shape: moveShape(shape, dx, dy, pen.image) };
      case 'label': {
        const [first = { x: 0, y: 0 }] = shape.points;
        return {
          id,
          shape,
          labelOffset: { x: labelAt.x + dx - first.x, y: labelAt.y + dy - first.y },
        };
      }
    }
  }

  #letGrip(): void {
    const draft = this.#draft;
    const grip = this.#grip;
    this.#grip = null;
    this.#draft = null;
    if (grip === null || draft === null || isTooSmall(draft.shape)) return;
    const { shape, labelOffset } = draft;
    this.#measurements.edit(grip.measurement, { shape, labelOffset });
  }

  #hitAt(touch: Touch, pen: Pen): Grip | null {
    // Who draws, draws also where a label happens to stand.
    const labels = this.#toolbox.shapeKind === null ? this.labels : [];
    const hit = shapeHitAt(this.items, labels, touch, pen);
    const measurement = this.#measurements.find(hit?.id ?? null);
    const { camera } = this.#viewer;
    if (hit === null || measurement === null || camera === null) return null;
    const box = this.labels.find(({ id }) => id === hit.id)?.box;
    const corner = { x: box?.left ?? 0, y: box?.top ?? 0 };
    return { measurement, part: hit.part, from: pen.at, labelAt: toImagePoint(camera, corner) };
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
