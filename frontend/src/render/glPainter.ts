import { invert } from '../interaction/camera';
import type { GlDevice } from './glDevice';
import { isSamePicture, type Picture } from './picture';
import { deviceMatrix, deviceSize, type Scene } from './scene';
import {
  prepareFiltering,
  targetImage,
  uploadBitmap,
  uploadBytes,
  uploadColors,
  uploadSamples,
  uploadTable,
} from './textures';

interface Resources {
  generation: number;
  samples: WebGLTexture;
  table: WebGLTexture;
  colors: WebGLTexture;
  /** The display image, at the resolution of the image. */
  image: WebGLTexture;
  framebuffer: WebGLFramebuffer;
}

/** Draws the picture of one pane with the shared device: windowing once, the camera at every draw. */
export class GlPainter {
  readonly #device: GlDevice;
  #resources: Resources | null = null;
  #shown: Picture | null = null;

  constructor(device: GlDevice) {
    this.#device = device;
  }

  /** Whether the device can draw this now. */
  canPaint({ picture }: Scene): boolean {
    const limit = this.#device.maxTextureSize;
    return !this.#device.isLost && picture.rows <= limit && picture.columns <= limit;
  }

  /** Draws the scene and copies it to the canvas of the pane. */
  paint(context: CanvasRenderingContext2D, scene: Scene): void {
    const { gl, canvas } = this.#device;
    const { width, height } = deviceSize(scene);
    this.#device.reserve(width, height);
    const resources = this.#currentResources();
    if (this.#shown === null || !isSamePicture(this.#shown, scene.picture)) {
      this.#makeImage(resources, scene.picture);
      this.#shown = scene.picture;
    }
    gl.viewport(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
    this.#drawThroughCamera(resources, scene, height);
    context.drawImage(canvas, 0, canvas.height - height, width, height, 0, 0, width, height);
  }

  dispose(): void {
    const { gl } = this.#device;
    if (this.#resources !== null) {
      const { samples, table, colors, image, framebuffer } = this.#resources;
      for (const texture of [samples, table, colors, image]) gl.deleteTexture(texture);
      gl.deleteFramebuffer(framebuffer);
    }
    this.#resources = null;
    this.#shown = null;
  }

  #currentResources(): Resources {
    const { gl, generation } = this.#device;
    if (this.#resources?.generation !== generation) {
      this.#resources = {
        generation,
        samples: gl.createTexture(),
        table: gl.createTexture(),
        colors: gl.createTexture(),
        image: gl.createTexture(),
        framebuffer: gl.createFramebuffer(),
      };
      this.#shown = null;
    }
    return this.#resources;
  }

  #makeImage(resources: Resources, picture: Picture): void {
    const { gl } = this.#device;
    const { rows, columns } = picture;
    if (picture.kind === 'table') {
      this.#applyTable(resources, picture);
    } else if (picture.kind === 'gray' && picture.colors !== null) {
      uploadBytes(gl, resources.image, colored(picture.values, picture.colors), columns, rows);
    } else if (picture.kind === 'bitmap') {
      uploadBitmap(gl, resources.image, picture.bitmap);
    } else {
      uploadBytes(gl, resources.image, picture.values, columns, rows);
    }
    prepareFiltering(gl, resources.image);
  }

  #applyTable(resources: Resources, picture: Extract<Picture, { kind: 'table' }>): void {
    const { gl, programs } = this.#device;
    const { rows, columns, samples, table, colors } = picture;
    const shown = this.#shown?.kind === 'table' ? this.#shown : null;
    if (shown?.samples !== samples) uploadSamples(gl, resources.samples, samples, columns, rows);
    if (shown?.table !== table) uploadTable(gl, resources.table, table);
    if (colors !== null && shown?.colors !== colors) uploadColors(gl, resources.colors, colors);

    targetImage(gl, resources.framebuffer, resources.image, columns, rows);
    const isSigned = samples instanceof Int8Array || samples instanceof Int16Array;
    const { program, uniform } = isSigned ? programs.signedTable : programs.unsignedTable;
    gl.useProgram(program);
    gl.activeTexture(gl.TEXTURE2);
    // Any texture of whole numbers will do where there are no colours.
    gl.bindTexture(gl.TEXTURE_2D, colors === null ? resources.table : resources.colors);
    gl.activeTexture(gl.TEXTURE1);
    gl.bindTexture(gl.TEXTURE_2D, resources.table);
    gl.activeTexture(gl.TEXTURE0);
    gl.bindTexture(gl.TEXTURE_2D, resources.samples);
    gl.uniform1i(uniform('samples'), 0);
    gl.uniform1i(uniform('displayTable'), 1);
    gl.uniform1i(uniform('colors'), 2);
    gl.uniform1i(uniform('hasColors'), colors === null ? 0 : 1);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
    gl.bindFramebuffer(gl.FRAMEBUFFER, null);
  }

  #drawThroughCamera(resources: Resources, scene: Scene, height: number): void {
    const { gl, programs } = this.#device;
    const { program, uniform } = programs.camera;
    const { rows, columns, reduction = 1 } = scene.picture;
    const { a, b, c, d, e, f } = invert(deviceMatrix(scene));
    gl.useProgram(program);
    gl.bindTexture(gl.TEXTURE_2D, resources.image);
    gl.uniform1i(uniform('image'), 0);
    gl.uniform1f(uniform('targetHeight'), height);
    gl.uniform2f(uniform('imageSize'), columns * reduction, rows * reduction);
    gl.uniform1i(uniform('isNearest'), scene.isSmooth ? 0 : 1);
    gl.uniformMatrix3fv(uniform('toImagePoint'), false, [a, b, 0, c, d, 0, e, f, 1]);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }
}

/** Display values in their colours. */
function colored(values: Uint8Array, colors: Uint8Array): Uint8Array {
  const rgb = new Uint8Array(3 * values.length);
  for (let position = 0; position < values.length; position++) {
    const color = 3 * (values[position] as number);
    rgb[3 * position] = colors[color] as number;
    rgb[3 * position + 1] = colors[color + 1] as number;
    rgb[3 * position + 2] = colors[color + 2] as number;
  }
  return rgb;
}
