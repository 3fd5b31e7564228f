import type { Point } from './camera';

/** Pointer and wheel events as intents. Points are CSS pixels in the viewport. */

export type Tool = 'window' | 'pan' | 'zoom' | 'scroll';

export type Intent =
  /** The window follows the pointer; distances are from where the drag began. */
  | { kind: 'window'; dx: number; dy: number; isStart: boolean }
  | { kind: 'pan'; dx: number; dy: number }
  | { kind: 'zoom'; about: Point; factor: number }
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

interface Drag {
  tool: Tool;
  start: Point;
  last: Point;
  /** CSS pixels of a scroll that were too few for a frame so far. */
  rest: number;
  hasMoved: boolean;
}

/** Which tool a mouse button works with. */
export function toolOfButton(button: number, activeTool: Tool): Tool | null {
  if (button === PRIMARY) return activeTool;
  if (button === MIDDLE) return 'pan';
  return button === SECONDARY ? 'zoom' : null;
}

/** One pointer over one viewport. */
export class Gestures {
  #drag: Drag | null = null;
  #wheelRest = 0;

  get isDragging(): boolean {
    return this.#drag !== null;
  }

  press(tool: Tool, at: Point): void {
    this.#drag = { tool, start: at, last: at, rest: 0, hasMoved: false };
  }

  move(at: Point): Intent | null {
    const drag = this.#drag;
    if (drag === null) return null;
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
    }
  }

  release(): void {
    this.#drag = null;
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
