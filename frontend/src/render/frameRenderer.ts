import { CpuPainter } from './cpuPainter';
import { GlDevice } from './glDevice';
import { GlPainter } from './glPainter';
import { deviceSize, type Scene } from './scene';

export type RenderPath = 'gl' | 'cpu';

export interface RendererOptions {
  /** The device to draw with, null for the CPU alone; the page's own if nothing is said. */
  device?: GlDevice | null;
  /** Called after each finished drawing. */
  onDrawn?: (scene: Scene | null) => void;
}

/** One for all canvases of the page, made when first asked for. */
let pageDevice: GlDevice | null | undefined;

function getPageDevice(): GlDevice | null {
  if (pageDevice === undefined) pageDevice = GlDevice.create({ allowSoftware: false });
  return pageDevice;
}

/**
 * Draws on one canvas. Any number of `draw` calls before the next animation
 * frame make one drawing, of the last scene. Without a graphics card, for
 * images beyond its limits and while its context is lost, the CPU draws.
 */
export class FrameRenderer {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  readonly #cpu = new CpuPainter();
  readonly #gl: GlPainter | null;
  readonly #onDrawn: (scene: Scene | null) => void;
  readonly #stopListening: () => void;
  #scene: Scene | null = null;
  #request = 0;

  constructor(canvas: HTMLCanvasElement, options: RendererOptions = {}) {
    const { device = getPageDevice(), onDrawn = () => undefined } = options;
    const context = canvas.getContext('2d', { willReadFrequently: device === null });
    if (context === null) throw new Error('this browser gives no 2D canvas');
    this.#canvas = canvas;
    this.#context = context;
    this.#onDrawn = onDrawn;
    this.#gl = device === null ? null : new GlPainter(device);
    this.#stopListening =
      device?.onRestore(() => {
        this.#schedule();
      }) ?? (() => undefined);
  }

  /** Draws a scene in the next animation frame; null clears the canvas. */
  draw(scene: Scene | null): void {
    this.#scene = scene;
    this.#schedule();
  }

  /** Draws the last scene at once. */
  paint(): RenderPath {
    const scene = this.#scene;
    cancelAnimationFrame(this.#request);
    this.#request = 0;
    if (scene !== null) this.#fitCanvas(scene);
    this.#context.clearRect(0, 0, this.#canvas.width, this.#canvas.height);
    const path = scene === null ? 'cpu' : this.#paintScene(scene);
    this.#onDrawn(scene);
    return path;
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
    this.#stopListening();
    this.#gl?.dispose();
    this.#cpu.dispose();
  }

  #schedule(): void {
    if (this.#request !== 0) return;
    this.#request = requestAnimationFrame(() => {
      this.paint();
    });
  }

  #paintScene(scene: Scene): RenderPath {
    if (this.#gl?.canPaint(scene) === true) {
      this.#gl.paint(this.#context, scene);
      return 'gl';
    }
    this.#cpu.paint(this.#context, scene);
    return 'cpu';
  }

  #fitCanvas(scene: Scene): void {
    const { width, height } = deviceSize(scene);
    if (this.#canvas.width !== width) this.#canvas.width = width;
    if (this.#canvas.height !== height) this.#canvas.height = height;
  }
}
