/**
 * Many shapes on a canvas: as elements of the page they would be too slow. They are painted in
 * short turns, so that thousands of them do not hold up the hand. While the camera moves, what
 * was painted moves along, until it is there anew.
 */
import { boundsOf, linesOf, type Shape } from '../dicom/shapes';
import { apply, invert, toMatrix, type Camera, type Matrix } from '../interaction/camera';

/** A shape with what its line looks like. */
export interface PaintedShape {
  readonly shape: Shape;
  /** Empty for the usual one. */
  readonly color: string;
  readonly isReadOnly: boolean;
  readonly isSelected: boolean;
}

interface View {
  readonly camera: Camera;
  readonly pixelRatio: number;
}

const USUAL_COLOR = '#ffd84d';
const SELECTED_COLOR = '#5ad1ff';
const HALO_COLOR = 'rgb(0 0 0 / 70%)';
const WIDTH_CSS_PX = { line: 1.6, halo: 4 };
const DOT_CSS_PX = { line: 6, halo: 9 };
const DASHES_CSS_PX = [6, 4];

/**
 * Shapes of a turn. The browser draws after the turn is over, so that only the time to the next
 * one tells how many it can draw.
 */
const TURN = { least: 25, first: 100, most: 2_000 };
/** Turns that follow each other within these times, in milliseconds, may be longer or must be shorter. */
const PACE_MS = { good: 22, bad: 40 };

export class ShapePainter {
  readonly #canvas: HTMLCanvasElement;
  /** What is painted while older pixels are seen. */
  readonly #next: HTMLCanvasElement;
  #shapes: readonly PaintedShape[] = [];
  /** What is asked for. */
  #wanted: View | null = null;
  /** What the pixels that are seen were painted for; null for none. */
  #painted: View | null = null;
  #done = 0;
  #request = 0;
  #turnSize = TURN.first;
  #lastTurn_ms = 0;

  constructor(canvas: HTMLCanvasElement) {
    this.#canvas = canvas;
    this.#next = canvas.ownerDocument.createElement('canvas');
  }

  /** Shows shapes; nothing without a camera. */
  show(shapes: readonly PaintedShape[], camera: Camera | null, pixelRatio: number): void {
    const isOther = !isSameList(this.#shapes, shapes);
    const before = this.#wanted;
    if (!isOther && before?.camera === camera && before?.pixelRatio === pixelRatio) return;
    this.#shapes = shapes;
    this.#wanted = camera && { camera, pixelRatio };
    // Shapes of another frame are never seen on this one.
    if (isOther || camera === null) this.#clear();
    else this.#follow(camera);
    this.#start();
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
  }

  #clear(): void {
    this.#painted = null;
    this.#canvas.getContext('2d')?.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
  }

  /** Moves what is there to where it would be now. */
  #follow(camera: Camera): void {
    if (this.#painted === null) return;
    const { a, b, c, d, e, f } = between(toMatrix(this.#painted.camera), toMatrix(camera));
    this.#canvas.style.transform = `matrix(${[a, b, c, d, e, f].map(String).join(',')})`;
  }

  #start(): void {
    cancelAnimationFrame(this.#request);
    this.#done = 0;
    if (this.#wanted === null) return;
    const { camera, pixelRatio } = this.#wanted;
    const { width, height } = camera.viewport;
    // Setting the size clears, too.
    this.#next.width = Math.round(width * pixelRatio);
    this.#next.height = Math.round(height * pixelRatio);
    this.#schedule();
  }

  #schedule(): void {
    this.#request = requestAnimationFrame((now) => this.#turn(now));
  }

  #turn(now: number): void {
    const context = this.#next.getContext('2d');
    if (context === null || this.#wanted === null) return;
    const matrix = toMatrix(this.#wanted.camera);
    const { pixelRatio } = this.#wanted;
    this.#keepPace(now);
    for (const shape of this.#shapes.slice(this.#done, this.#done + this.#turnSize)) {
      stroke(context, shape, matrix, pixelRatio);
    }
    this.#done += this.#turnSize;
    const isWhole = this.#done >= this.#shapes.length;
    // Where nothing is seen, a part is better than nothing.
    if (isWhole || this.#painted === null) this.#reveal(isWhole ? this.#wanted : null);
    if (!isWhole) this.#schedule();
  }

  #keepPace(now: number): void {
    const gap = now - this.#lastTurn_ms;
    this.#lastTurn_ms = now;
    if (gap > PACE_MS.bad && this.#done > 0) this.#turnSize = this.#turnSize / 2;
    else if (gap < PACE_MS.good) this.#turnSize = this.#turnSize * 1.5;
    this.#turnSize = Math.round(Math.min(Math.max(this.#turnSize, TURN.least), TURN.most));
  }

  #reveal(view: View | null): void {
    const { width, height } = this.#next;
    Object.assign(this.#canvas, { width, height });
    this.#canvas.style.transform = '';
    this.#canvas.getContext('2d')?.drawImage(this.#next, 0, 0);
    this.#painted = view;
  }
}

function stroke(
  context: CanvasRenderingContext2D,
  { shape, color, isReadOnly, isSelected }: PaintedShape,
  { a, b, c, d, e, f }: Matrix,
  pixelRatio: number,
): void {
  const width = shape.kind === 'point' ? DOT_CSS_PX : WIDTH_CSS_PX;
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.transform(a, b, c, d, e, f);
  context.beginPath();
  trace(context, shape);
  // Lines are as wide in both directions, however pixels are stretched.
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  context.setLineDash([]);
  context.strokeStyle = HALO_COLOR;
  context.lineWidth = width.halo;
  context.stroke();
  if (isReadOnly) context.setLineDash(DASHES_CSS_PX);
  context.strokeStyle = isSelected ? SELECTED_COLOR : color || USUAL_COLOR;
  context.lineWidth = width.line;
  context.stroke();
}

function trace(context: CanvasRenderingContext2D, shape: Shape): void {
  if (shape.kind === 'ellipse') {
    const { left, top, right, bottom } = boundsOf(shape.points);
    const [x, y] = [(left + right) / 2, (top + bottom) / 2];
    context.ellipse(x, y, (right - left) / 2, (bottom - top) / 2, 0, 0, 2 * Math.PI);
    return;
  }
  for (const [first, ...rest] of linesOf(shape)) {
    if (first === undefined) continue;
    context.moveTo(first.x, first.y);
    // A line without length is a dot.
    for (const { x, y } of rest.length > 0 ? rest : [first]) context.lineTo(x, y);
  }
}

/** From where image points were on the screen to where they are. */
function between(from: Matrix, to: Matrix): Matrix {
  const back = invert(from);
  const origin = apply(to, apply(back, { x: 0, y: 0 }));
  const right = apply(to, apply(back, { x: 1, y: 0 }));
  const down = apply(to, apply(back, { x: 0, y: 1 }));
  return {
    a: right.x - origin.x,
    b: right.y - origin.y,
    c: down.x - origin.x,
    d: down.y - origin.y,
    e: origin.x,
    f: origin.y,
  };
}

/** Whether nothing has to be painted anew: an edit of one shape leaves the others as they were. */
function isSameList(these: readonly PaintedShape[], those: readonly PaintedShape[]): boolean {
  return (
    these.length === those.length &&
    these.every(({ shape, color, isReadOnly, isSelected }, index) => {
      const other = those[index];
      const isAlike = color === other?.color && isReadOnly === other.isReadOnly;
      return isAlike && shape === other.shape && isSelected === other.isSelected;
    })
  );
}
