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

/** The first picture is on the screen by then: to look for a graphics card takes longer than to draw it. */
const LOOK_AFTER_MS = 100;

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
  readonly #onDrawn: (scene: Scene | null) => void;
  #gl: GlPainter | null = null;
  #stopListening: () => void = () => undefined;
  #isLooking: boolean;
  #look: ReturnType<typeof setTimeout> | undefined;
  #scene: Scene | null = null;
  #request = 0;

  constructor(canvas: HTMLCanvasElement, options: RendererOptions = {}) {
    const { device = pageDevice, onDrawn = () => undefined } = options;
    const context = canvas.getContext('2d', { willReadFrequently: device === null });
    if (context === null) throw new Error('this browser gives no 2D canvas');
    this.#canvas = canvas;
    this.#context = context;
    this.#onDrawn = onDrawn;
    this.#isLooking = device === undefined;
    if (device !== undefined) this.#drawWith(device);
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
    if (scene !== null && this.#isLooking) this.#lookForDevice();
    return path;
  }

  dispose(): void {
    cancelAnimationFrame(this.#request);
    clearTimeout(this.#look);
    this.#stopListening();
    this.#gl?.dispose();
    this.#cpu.dispose();
  }

  #drawWith(device: GlDevice | null): void {
    if (device === null) return;
    this.#gl = new GlPainter(device);
    this.#stopListening = device.onRestore(() => {
      this.#schedule();
    });
  }

  /** The CPU draws until then: both draw the same. */
  #lookForDevice(): void {
    this.#isLooking = false;
    this.#look = setTimeout(() => {
      this.#drawWith(getPageDevice());
    }, LOOK_AFTER_MS);
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
