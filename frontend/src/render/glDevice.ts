import { createProgram, type Program } from './program';
import cameraSource from './shaders/camera.frag?raw';
import vertexSource from './shaders/display.vert?raw';
import tableSource from './shaders/table.frag?raw';

export interface Programs {
  signedTable: Program;
  unsignedTable: Program;
  camera: Program;
}

/** Drivers that compute on the processor: the CPU path is ten times faster than these. */
const SOFTWARE_RENDERER = /swiftshader|llvmpipe|softpipe|software|basic render/i;

/**
 * The one WebGL2 context of the page, on a canvas that is never shown: panes
 * copy from it. A lost context comes back as a new `generation`, and everything
 * made before is gone with the old one.
 */
export class GlDevice {
  readonly gl: WebGL2RenderingContext;
  readonly canvas: HTMLCanvasElement;
  readonly maxTextureSize: number;
  #programs: Programs;
  #generation = 0;
  #restoreListeners = new Set<() => void>();

  private constructor(canvas: HTMLCanvasElement, gl: WebGL2RenderingContext) {
    this.canvas = canvas;
    this.gl = gl;
    this.maxTextureSize = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
    this.#programs = createPrograms(gl);
    // Without this the browser would not restore the context.
    canvas.addEventListener('webglcontextlost', (event) => {
      event.preventDefault();
    });
    canvas.addEventListener('webglcontextrestored', () => {
      this.#programs = createPrograms(gl);
      this.#generation += 1;
      for (const listener of this.#restoreListeners) listener();
    });
  }

  /** A device, or null where there is no WebGL2 or, unless allowed, only one in software. */
  static create(options: { allowSoftware: boolean }): GlDevice | null {
    const canvas = document.createElement('canvas');
    const gl = canvas.getContext('webgl2', {
      alpha: true,
      antialias: false,
      depth: false,
      stencil: false,
    });
    if (gl === null) return null;
    if (!options.allowSoftware && isSoftware(gl)) {
      gl.getExtension('WEBGL_lose_context')?.loseContext();
      return null;
    }
    try {
      return new GlDevice(canvas, gl);
    } catch {
      // A driver that cannot compile these few lines is of no use; the CPU path draws the same.
      return null;
    }
  }

  get programs(): Programs {
    return this.#programs;
  }

  get generation(): number {
    return this.#generation;
  }

  get isLost(): boolean {
    return this.gl.isContextLost();
  }

  /** Calls back when a lost context is there again; returns how to stop that. */
  onRestore(listener: () => void): () => void {
    this.#restoreListeners.add(listener);
    return () => {
      this.#restoreListeners.delete(listener);
    };
  }

  /** Makes the drawing buffer at least this large; it never shrinks, as panes take turns. */
  reserve(width: number, height: number): void {
    if (this.canvas.width < width) this.canvas.width = width;
    if (this.canvas.height < height) this.canvas.height = height;
  }
}

function createPrograms(gl: WebGL2RenderingContext): Programs {
  const table = (sampler: string) =>
    createProgram(gl, vertexSource, tableSource.replaceAll('SAMPLER', sampler));
  return {
    signedTable: table('isampler2D'),
    unsignedTable: table('usampler2D'),
    camera: createProgram(gl, vertexSource, cameraSource),
  };
}

function isSoftware(gl: WebGL2RenderingContext): boolean {
  const info = gl.getExtension('WEBGL_debug_renderer_info');
  const name: unknown = gl.getParameter(info?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER);
  return typeof name === 'string' && SOFTWARE_RENDERER.test(name);
}
