import { isSamePicture, type Picture } from './picture';
import { PixelWriter } from './pixelWriter';
import { deviceMatrix, deviceScale, longerDeviceScale, type Scene } from './scene';

/** Draws on a 2D canvas without the graphics card: the table goes into ImageData. */
export class CpuPainter {
  #canvas: HTMLCanvasElement | null = null;
  #image: ImageData | null = null;
  readonly #writer = new PixelWriter();
  #shown: { picture: Picture; factor: number } | null = null;

  paint(context: CanvasRenderingContext2D, scene: Scene): void {
    const { picture } = scene;
    const { rows, columns, reduction = 1 } = picture;
    const factor = reductionFactor(picture, reduction * longerDeviceScale(scene));
    const isBitmap = picture.kind === 'bitmap';
    const source = isBitmap ? picture.bitmap : this.#pixels(picture, factor);
    // A bitmap may be a reduced one. Blocks at the edge may reach beyond the image.
    const width = isBitmap ? columns : source.width * factor * reduction;
    const height = isBitmap ? rows : source.height * factor * reduction;

    const { a, b, c, d, e, f } = deviceMatrix(scene);
    context.setTransform(a, b, c, d, e, f);
    context.imageSmoothingEnabled = scene.isSmooth;
    // "medium" uses mipmaps; "low" would drop pixels of a picture that is made small.
    const isEnlarged = deviceScale(scene) >= factor * reduction;
    context.imageSmoothingQuality = isEnlarged ? 'low' : 'medium';
    context.drawImage(source, 0, 0, width, height);
    context.resetTransform();
  }

  dispose(): void {
    this.#canvas = null;
    this.#image = null;
    this.#shown = null;
  }

  /** The picture at one pixel for every `factor` x `factor` image pixels; kept until it changes. */
  #pixels(picture: Exclude<Picture, { kind: 'bitmap' }>, factor: number): HTMLCanvasElement {
    const canvas = (this.#canvas ??= document.createElement('canvas'));
    if (
      this.#shown !== null &&
      this.#shown.factor === factor &&
      isSamePicture(this.#shown.picture, picture)
    ) {
      return canvas;
    }
    const width = Math.ceil(picture.columns / factor);
    const height = Math.ceil(picture.rows / factor);
    if (canvas.width !== width || canvas.height !== height) {
      canvas.width = width;
      canvas.height = height;
      this.#image = null;
    }
    const context = canvas.getContext('2d', { willReadFrequently: true });
    if (context === null) throw new Error('this browser gives no 2D canvas');
    const image = (this.#image ??= context.createImageData(width, height));
    this.#writer.write(picture, factor, new Uint32Array(image.data.buffer));
    context.putImageData(image, 0, 0);
    this.#shown = { picture, factor };
    return canvas;
  }
}

/** Pictures that are shown small are averaged first: honest, and less to copy. */
function reductionFactor(picture: Picture, scale: number): number {
  return picture.kind === 'table' || picture.kind === 'gray'
    ? Math.max(1, Math.floor(1 / scale))
    : 1;
}
