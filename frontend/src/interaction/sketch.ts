/**
 * One shape on its way from the first press to the last. Press, drag and release
 * draws a line or a box; so do two clicks. Shapes with more points go on from
 * there. Points are image points; nothing here knows the screen but its scale.
 */
import {
  boxFromDrag,
  clampPoint,
  evenDirection,
  type ImageSize,
  type Scale,
} from '../dicom/shapeEdits';
import { SHAPE_KINDS, type ImagePoint, type Shape, type ShapeKind } from '../dicom/shapes';

/** Where the pointer is, and how it is meant. */
export interface Pen {
  readonly at: ImagePoint;
  /** CSS pixels for one column and for one row. */
  readonly scale: Scale;
  readonly image: ImageSize;
  /** Squares, circles, eighths of a turn. */
  readonly isEven: boolean;
  readonly isFromCenter: boolean;
}

/** A hand that means to click moves less than this. */
const SLOP_CSS_PX = 4;

/** A second click as near as this to the first or the last point ends an outline. */
const CLOSE_CSS_PX = 8;

/** A drawn line keeps a point for as many CSS pixels. */
const FREEHAND_STEP_CSS_PX = 2;

export class Sketch {
  readonly kind: ShapeKind;
  #fixed: readonly ImagePoint[] = [];
  #pen: Pen;
  #pressedAt: ImagePoint | null = null;
  #isDone = false;

  constructor(kind: ShapeKind, pen: Pen) {
    this.kind = kind;
    this.#pen = pen;
    this.press(pen);
  }

  /** Whether the last point is set. */
  get isDone(): boolean {
    return this.#isDone;
  }

  /** The shape as it would be if it ended here. */
  get shape(): Shape {
    const { kind } = this;
    const [first] = this.#fixed;
    if ((kind === 'rectangle' || kind === 'ellipse') && first !== undefined) {
      return boxFromDrag(kind, first, this.#pen.at, this.#pen);
    }
    const isLoose = !this.#isDone && kind !== 'freehand';
    return { kind, points: isLoose ? [...this.#fixed, this.#here()] : this.#fixed };
  }

  press(pen: Pen): void {
    this.#pen = pen;
    this.#pressedAt = pen.at;
    if (this.#isOpenEnded && this.#isNearEnd(pen)) this.finish();
    else this.#fix();
  }

  move(pen: Pen): void {
    this.#pen = pen;
    if (this.kind !== 'freehand' || this.#pressedAt === null) return;
    const last = this.#fixed[this.#fixed.length - 1];
    if (last !== undefined && distance(last, pen.at, pen) >= FREEHAND_STEP_CSS_PX) this.#fix();
  }

  release(pen: Pen): void {
    this.move(pen);
    const from = this.#pressedAt;
    this.#pressedAt = null;
    if (from === null || this.#isDone) return;
    if (this.kind === 'freehand') this.#isDone = true;
    else if (distance(from, pen.at, pen) > SLOP_CSS_PX) this.#fix();
  }

  /** Ends an outline or a line with as many points as it has. */
  finish(): void {
    if (this.#fixed.length >= SHAPE_KINDS[this.kind].leastPoints) this.#isDone = true;
  }

  /** Takes back the last point; false where it was the only one. */
  takeBack(): boolean {
    this.#fixed = this.#fixed.slice(0, -1);
    this.#pressedAt = null;
    return this.#fixed.length > 0;
  }

  get #isOpenEnded(): boolean {
    return SHAPE_KINDS[this.kind].pointCount === null && this.kind !== 'freehand';
  }

  #fix(): void {
    this.#fixed = [...this.#fixed, this.#here()];
    if (this.#fixed.length === SHAPE_KINDS[this.kind].pointCount) this.#isDone = true;
  }

  /** Where the pointer puts a point. */
  #here(): ImagePoint {
    const { at, image, isEven, scale } = this.#pen;
    const last = this.#fixed[this.#fixed.length - 1];
    // The second line of a Cobb angle begins anew; a drawn line follows the hand.
    const isFree = this.kind === 'freehand' || (this.kind === 'cobb' && this.#fixed.length === 2);
    const point = isEven && last !== undefined && !isFree ? evenDirection(last, at, scale) : at;
    return clampPoint(point, image);
  }

  #isNearEnd(pen: Pen): boolean {
    if (this.#fixed.length < SHAPE_KINDS[this.kind].leastPoints) return false;
    const ends = [this.#fixed[this.#fixed.length - 1]];
    if (SHAPE_KINDS[this.kind].isRegion) ends.push(this.#fixed[0]);
    return ends.some((end) => end !== undefined && distance(end, pen.at, pen) <= CLOSE_CSS_PX);
  }
}

/** CSS pixels between two image points. */
function distance(one: ImagePoint, other: ImagePoint, { scale }: Pick<Pen, 'scale'>): number {
  return Math.hypot((one.x - other.x) * scale.x, (one.y - other.y) * scale.y);
}
