import type { Point } from './camera';

/** Pointer and wheel events as intents. Points are CSS pixels in the viewport. */

export type Tool = 'window' | 'pan' | 'zoom' | 'scroll' | 'region' | 'measure';

/** What a drag does; one that draws is followed by the shapes and means nothing here. */
export type DragTool = Exclude<Tool, 'region' | 'measure'> | 'draw';

export type Intent =
  /** The window follows the pointer; distances are from where the drag began. */
  | { kind: 'window'; dx: number; dy: number; isStart: boolean }
  | { kind: 'pan'; dx: number; dy: number }
  | { kind: 'zoom'; about: Point; factor: number }
  /** Two fingers: the image follows by `dx` and `dy`, and is zoomed about the point between them. */
  | { kind: 'pinch'; dx: number; dy: number; about: Point; factor: number }
  | { kind: 'step'; frames: number };

const PRIMARY = 0;
const MIDDLE = 1;
const SECONDARY = 2;

/** A drag of this many CSS pixels doubles the zoom. */
const ZOOM_DOUBLING_CSS_PX = 150;

/** A drag of this many CSS pixels goes on by a frame. */
const SCROLL_STEP_CSS_PX = 8;

/** A wheel turned by one notch reports 100 or 120; a touchpad many small steps. */
const NOTCH_CSS_PX = 50;
const TOUCHPAD_STEP_CSS_PX = 30;
const LINE_CSS_PX = 40;

/** A finger trembles by this many CSS pixels, also while a second one is on its way. */
const TOUCH_SLOP_CSS_PX = 6;

/** Fingers closer than this on the screen tell nothing about a zoom. */
const SMALLEST_SPREAD_CSS_PX = 10;

interface Drag {
  pointer: number;
  tool: DragTool;
  start: Point;
  last: Point;
  /** CSS pixels of a scroll that were too few for a frame so far. */
  rest: number;
  hasMoved: boolean;
  /** It does nothing within this many CSS pixels from its start. */
  slop: number;
}

/** Two fingers by their pointers. */
type Pinch = Map<number, Point>;

/** Which tool a mouse button works with. */
export function toolOfButton(button: number, activeTool: DragTool): DragTool | null {
  if (button === PRIMARY) return activeTool;
  if (button === MIDDLE) return 'pan';
  return button === SECONDARY ? 'zoom' : null;
}

/** The pointers over one viewport: a mouse, a pen, or up to two fingers. */
export class Gestures {
  #drag: Drag | null = null;
  #pinch: Pinch | null = null;
  #wheelRest = 0;

  /** Whether any pointer is down. */
  get isBusy(): boolean {
    return this.#drag !== null || this.#pinch !== null;
  }

  get isPinching(): boolean {
    return this.#pinch !== null;
  }

  /** Whether a pointer draws, or might: it hovers, or went down to do so. */
  draws(pointer: number): boolean {
    const drag = this.#drag;
    return !this.isBusy || (drag?.pointer === pointer && drag.tool === 'draw');
  }

  /** A pointer goes down. A second finger makes a pinch of it; false where it is one too many. */
  press(pointer: number, tool: DragTool, at: Point, isTouch = false): boolean {
    if (this.#pinch !== null) return false;
    const drag = this.#drag;
    if (drag === null) {
      const slop = isTouch ? TOUCH_SLOP_CSS_PX : 0;
      this.#drag = { pointer, tool, start: at, last: at, rest: 0, hasMoved: false, slop };
      return true;
    }
    if (!isTouch || drag.slop === 0) return false;
    this.#pinch = new Map([
      [drag.pointer, drag.last],
      [pointer, at],
    ]);
    this.#drag = null;
    return true;
  }

  move(pointer: number, at: Point): Intent | null {
    if (this.#pinch !== null) return pinched(this.#pinch, pointer, at);
    const drag = this.#drag;
    return drag?.pointer === pointer ? dragged(drag, at) : null;
  }

  /** A pointer goes up or is taken away. The finger that is left of a pinch does nothing more. */
  release(pointer: number): void {
    if (this.#drag?.pointer === pointer) this.#drag = null;
    if (this.#pinch?.delete(pointer) === true && this.#pinch.size === 0) this.#pinch = null;
  }

  /** A wheel event; `deltaMode` as in WheelEvent: 0 pixels, 1 lines, 2 pages. */
  wheel(turn: { deltaY: number; deltaMode: number; isZoom: boolean; at: Point }): Intent | null {
    const delta = turn.deltaMode === 0 ? turn.deltaY : turn.deltaY * LINE_CSS_PX;
    if (turn.isZoom) {
      const factor = 2 ** (-Math.max(-NOTCH_CSS_PX, Math.min(NOTCH_CSS_PX, delta)) / 150);
      return factor === 1 ? null : { kind: 'zoom', about: turn.at, factor };
    }
    if (Math.abs(delta) >= NOTCH_CSS_PX) {
      this.#wheelRest = 0;
      return { kind: 'step', frames: Math.sign(delta) };
    }
    this.#wheelRest += delta;
    const frames = Math.trunc(this.#wheelRest / TOUCHPAD_STEP_CSS_PX);
    this.#wheelRest -= frames * TOUCHPAD_STEP_CSS_PX;
    return frames === 0 ? null : { kind: 'step', frames };
  }
}

function dragged(drag: Drag, at: Point): Intent | null {
  if (!drag.hasMoved && Math.hypot(at.x - drag.start.x, at.y - drag.start.y) < drag.slop) {
    return null;
  }
  const dx = at.x - drag.last.x;
  const dy = at.y - drag.last.y;
  if (dx === 0 && dy === 0) return null;
  const isStart = !drag.hasMoved;
  drag.last = at;
  drag.hasMoved = true;
  switch (drag.tool) {
    case 'window':
      return { kind: 'window', dx: at.x - drag.start.x, dy: at.y - drag.start.y, isStart };
    case 'pan':
      return { kind: 'pan', dx, dy };
    case 'zoom':
      // Upwards comes closer, about the point where the drag began.
      return { kind: 'zoom', about: drag.start, factor: 2 ** (-dy / ZOOM_DOUBLING_CSS_PX) };
    case 'scroll': {
      drag.rest += dy;
      const frames = Math.trunc(drag.rest / SCROLL_STEP_CSS_PX);
      drag.rest -= frames * SCROLL_STEP_CSS_PX;
      return frames === 0 ? null : { kind: 'step', frames };
    }
    case 'draw':
      return null;
  }
}

/** What it means that one of two fingers has moved. */
function pinched(pinch: Pinch, pointer: number, at: Point): Intent | null {
  const from = pinch.get(pointer);
  if (from === undefined) return null;
  pinch.set(pointer, at);
  const other = [...pinch].find(([id]) => id !== pointer)?.[1];
  if (other === undefined || (at.x === from.x && at.y === from.y)) return null;
  const before = Math.hypot(from.x - other.x, from.y - other.y);
  const after = Math.hypot(at.x - other.x, at.y - other.y);
  return {
    kind: 'pinch',
    dx: (at.x - from.x) / 2,
    dy: (at.y - from.y) / 2,
    about: { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 },
    factor: Math.min(before, after) < SMALLEST_SPREAD_CSS_PX ? 1 : after / before,
  };
}
