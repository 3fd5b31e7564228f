import type { ShapeKind } from '../../dicom/shapes';
import type { DragTool, Tool } from '../../interaction/gestures';

/** What the region tool and the measure tool draw, in the order in which their keys go through it. */
export const REGION_KINDS: readonly ShapeKind[] = ['rectangle', 'ellipse', 'polygon', 'freehand'];
export const MEASURE_KINDS: readonly ShapeKind[] = ['length', 'angle', 'cobb', 'point', 'polyline'];

/** The tool of the left mouse button, in every pane. */
export class Toolbox {
  tool = $state<Tool>('window');
  #regionKind = $state<ShapeKind>('rectangle');
  #measureKind = $state<ShapeKind>('length');

  get regionKind(): ShapeKind {
    return this.#regionKind;
  }

  get measureKind(): ShapeKind {
    return this.#measureKind;
  }

  /** What the tool draws; null for one that draws nothing. */
  get shapeKind(): ShapeKind | null {
    if (this.tool === 'region') return this.#regionKind;
    return this.tool === 'measure' ? this.#measureKind : null;
  }

  /** What a drag does. */
  get dragTool(): DragTool {
    return this.tool === 'region' || this.tool === 'measure' ? 'draw' : this.tool;
  }

  /** Takes up the tool that draws a kind of shape. */
  draw(kind: ShapeKind): void {
    if (REGION_KINDS.includes(kind)) {
      this.#regionKind = kind;
      this.tool = 'region';
    } else {
      this.#measureKind = kind;
      this.tool = 'measure';
    }
  }

  /** Takes up the region or the measure tool; where it is in use, its next kind. */
  cycle(tool: 'region' | 'measure'): void {
    const kinds = tool === 'region' ? REGION_KINDS : MEASURE_KINDS;
    const here = tool === 'region' ? this.#regionKind : this.#measureKind;
    const step = this.tool === tool ? 1 : 0;
    this.draw(kinds[(kinds.indexOf(here) + step) % kinds.length] ?? here);
  }
}
