import type { TableSamples } from '../dicom/storedFrame';
import { isSamePicture, type ColorTable, type Picture } from './picture';
import { deviceMatrix, longerDeviceScale, type Scene } from './scene';

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
    return;
  }
  const [samples, table] =
    picture.kind === 'gray' ? [picture.values] : [picture.samples, picture.table];
  const { colors } = picture;
  if (colors === null && factor > 1) {
    const shade =
      table === undefined
        ? (position: number) => samples[position] as number
        : (position: number) => table[(samples[position] as number) & 0xffff] as number;
    writeReduced(picture, shade, factor, words);
    return;
  }
  const colorWords = displayWords(colors);
  const sampleWords =
    table === undefined
      ? colorWords
      : Uint32Array.from(table, (value) => colorWords[value] as number);
  if (factor === 1) writeSamples(samples, sampleWords, words);
  else writeReducedColors(picture, samples, sampleWords, factor, words);
}

/** The pixel of each display value. */
function displayWords(colors: ColorTable): Uint32Array {
  return Uint32Array.from({ length: 256 }, (_, value) => {
    if (colors === null) return OPAQUE | (value * GRAY);
    const [red = 0, green = 0, blue = 0] = colors.subarray(3 * value, 3 * value + 3);
    return OPAQUE | (blue << 16) | (green << 8) | red;
  });
}

/** The mask keeps the index of bytes, which have 256 words, as it is. */
function writeSamples(samples: TableSamples, sampleWords: Uint32Array, words: Uint32Array): void {
  for (let position = 0; position < words.length; position++) {
    words[position] = sampleWords[(samples[position] as number) & 0xffff] as number;
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

/** Means of blocks of colours, channel by channel, as the graphics card makes its smaller copies. */
function writeReducedColors(
  { rows, columns }: { rows: number; columns: number },
  samples: TableSamples,
  sampleWords: Uint32Array,
  factor: number,
  words: Uint32Array,
): void {
  const width = Math.ceil(columns / factor);
  for (let block = 0; block < words.length; block++) {
    const left = (block % width) * factor;
    const top = Math.floor(block / width) * factor;
    const right = Math.min(left + factor, columns);
    const bottom = Math.min(top + factor, rows);
    let [red, green, blue] = [0, 0, 0];
    for (let row = top; row < bottom; row++) {
      for (let position = row * columns + left; position < row * columns + right; position++) {
        const word = sampleWords[(samples[position] as number) & 0xffff] as number;
        red += word & 0xff;
        green += (word >> 8) & 0xff;
        blue += (word >> 16) & 0xff;
      }
    }
    const count = (right - left) * (bottom - top);
    words[block] =
      OPAQUE |
      (Math.round(blue / count) << 16) |
      (Math.round(green / count) << 8) |
      Math.round(red / count);
  }
}
