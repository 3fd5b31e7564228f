import { isSamePicture, type Picture } from './picture';
import { deviceMatrix, isNearest, longerDeviceScale, type Scene } from './scene';

/** Alpha 255 in the highest byte: pixels are written as little-endian RGBA words. */
const OPAQUE = 0xff000000;
const GRAY = 0x010101;

/** Draws on a 2D canvas without the graphics card: the table goes into ImageData. */
export class CpuPainter {
  #canvas: HTMLCanvasElement | null = null;
  #image: ImageData | null = null;
  #shown: { picture: Picture; factor: number } | null = null;

  paint(context: CanvasRenderingContext2D, scene: Scene): void {
    const { picture } = scene;
    const factor = reductionFactor(picture, longerDeviceScale(scene));
    const { rows, columns } = picture;
    const isBitmap = picture.kind === 'bitmap';
    const source = isBitmap ? picture.bitmap : this.#pixels(picture, factor);
    // A bitmap may be a reduced one. Blocks at the edge may reach beyond the image.
    const width = isBitmap ? columns : source.width * factor;
    const height = isBitmap ? rows : source.height * factor;

    const { a, b, c, d, e, f } = deviceMatrix(scene);
    context.setTransform(a, b, c, d, e, f);
    context.imageSmoothingEnabled = !isNearest(scene);
    // "medium" uses mipmaps; "low" would drop pixels of a picture that is made small.
    context.imageSmoothingQuality = 'medium';
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
    writePixels(picture, factor, new Uint32Array(image.data.buffer));
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

function writePixels(
  picture: Exclude<Picture, { kind: 'bitmap' }>,
  factor: number,
  words: Uint32Array,
): void {
  if (picture.kind === 'rgb') {
    writeRgb(picture.values, words);
  } else if (picture.kind === 'gray') {
    writeReduced(picture, (position) => picture.values[position] as number, factor, words);
  } else if (factor === 1) {
    writeTable(picture.samples, picture.table, words);
  } else {
    const { samples, table } = picture;
    const lookUp = (position: number) => table[(samples[position] as number) & 0xffff] as number;
    writeReduced(picture, lookUp, factor, words);
  }
}

function writeTable(
  samples: Int8Array | Uint8Array | Int16Array | Uint16Array,
  table: Uint8Array,
  words: Uint32Array,
): void {
  const shades = Uint32Array.from(table, (value) => OPAQUE | (value * GRAY));
  for (let position = 0; position < words.length; position++) {
    words[position] = shades[(samples[position] as number) & 0xffff] as number;
  }
}

function writeRgb(values: Uint8Array, words: Uint32Array): void {
  for (let position = 0; position < words.length; position++) {
    const red = values[3 * position] as number;
    const green = values[3 * position + 1] as number;
    const blue = values[3 * position + 2] as number;
    words[position] = OPAQUE | (blue << 16) | (green << 8) | red;
  }
}

/** Means of blocks of display values; the blocks at the right and lower edge may be smaller. */
function writeReduced(
  { rows, columns }: { rows: number; columns: number },
  displayValue: (position: number) => number,
  factor: number,
  words: Uint32Array,
): void {
  const width = Math.ceil(columns / factor);
  const sums = new Uint32Array(width);
  for (let top = 0, line = 0; top < rows; top += factor, line++) {
    const bottom = Math.min(top + factor, rows);
    sums.fill(0);
    for (let row = top; row < bottom; row++) {
      let position = row * columns;
      for (let block = 0; block < width; block++) {
        const end = row * columns + Math.min((block + 1) * factor, columns);
        let sum = 0;
        for (; position < end; position++) sum += displayValue(position);
        sums[block] = (sums[block] as number) + sum;
      }
    }
    for (let block = 0; block < width; block++) {
      const blockColumns = Math.min(factor, columns - block * factor);
      const mean = Math.round((sums[block] as number) / ((bottom - top) * blockColumns));
      words[line * width + block] = OPAQUE | (mean * GRAY);
    }
  }
}
