import { DISPLAY_LUT_SIZE } from '../dicom/displayLut';
import type { TableSamples } from '../dicom/storedFrame';
import type { ColorTable, Picture } from './picture';

/** Alpha 255 in the highest byte: pixels are written as little-endian RGBA words. */
const OPAQUE = 0xff000000;
const GRAY = 0x010101;

/** For values that are display values already. */
const IDENTITY = Uint8Array.from({ length: DISPLAY_LUT_SIZE }, (_, value) => value & 0xff);

type Painted = Exclude<Picture, { kind: 'bitmap' }>;

/** Writes pictures as pixels. Plain loops over typed arrays: they run over every sample at every drawing. */
export class PixelWriter {
  /** The pixel of each stored value, for the table and the colours that it was made of. */
  readonly #words = new Uint32Array(DISPLAY_LUT_SIZE);
  #table: Uint8Array | null = null;
  #colors: ColorTable = null;

  /** One pixel for every `factor` x `factor` pixels of the picture. */
  write(picture: Painted, factor: number, pixels: Uint32Array): void {
    if (picture.kind === 'rgb') {
      writeRgb(picture.values, pixels);
      return;
    }
    const [samples, table] =
      picture.kind === 'gray' ? [picture.values, IDENTITY] : [picture.samples, picture.table];
    if (factor === 1) writeSamples(samples, this.#wordsOf(table, picture.colors), pixels);
    else if (picture.colors === null) writeReduced(picture, samples, table, factor, pixels);
    else {
      const words = this.#wordsOf(table, picture.colors);
      writeReducedColors(picture, samples, words, factor, pixels);
    }
  }

  #wordsOf(table: Uint8Array, colors: ColorTable): Uint32Array {
    if (table === this.#table && colors === this.#colors) return this.#words;
    const colorWords = displayWords(colors);
    for (let value = 0; value < DISPLAY_LUT_SIZE; value++) {
      this.#words[value] = colorWords[table[value] as number] as number;
    }
    this.#table = table;
    this.#colors = colors;
    return this.#words;
  }
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
  samples: TableSamples,
  table: Uint8Array,
  factor: number,
  words: Uint32Array,
): void {
  const width = Math.ceil(columns / factor);
  const whole = Math.floor(columns / factor);
  const sums = new Uint32Array(width);
  const meanWords = wordsOfSums(factor * factor);
  const addRow = ADD_ROW[factor] ?? addAnyRow;
  for (let top = 0, line = 0; top < rows; top += factor, line++) {
    const bottom = Math.min(top + factor, rows);
    sums.fill(0);
    for (let row = top; row < bottom; row++) {
      addRow(samples, table, row * columns, sums.subarray(0, whole), factor);
      for (
        let position = row * columns + whole * factor;
        position < (row + 1) * columns;
        position++
      ) {
        const shade = table[(samples[position] as number) & 0xffff] as number;
        sums[whole] = (sums[whole] as number) + shade;
      }
    }
    const inside = bottom - top === factor ? whole : 0;
    const first = line * width;
    for (let block = 0; block < inside; block++) {
      words[first + block] = meanWords[sums[block] as number] as number;
    }
    for (let block = inside; block < width; block++) {
      const count = (bottom - top) * Math.min(factor, columns - block * factor);
      words[first + block] = OPAQUE | (Math.round((sums[block] as number) / count) * GRAY);
    }
  }
}

/** The pixel of the mean of so many display values, for each of their sums. */
function wordsOfSums(count: number): Uint32Array {
  return Uint32Array.from(
    { length: 255 * count + 1 },
    (_, sum) => OPAQUE | (Math.round(sum / count) * GRAY),
  );
}

/** Adds the display values of a row of pixels to the sums of its blocks. */
type AddRow = (
  samples: TableSamples,
  table: Uint8Array,
  position: number,
  sums: Uint32Array,
  factor: number,
) => void;

function addAnyRow(...[samples, table, start, sums, factor]: Parameters<AddRow>): void {
  let position = start;
  for (let block = 0; block < sums.length; block++) {
    let sum = sums[block] as number;
    for (let inside = 0; inside < factor; inside++, position++) {
      sum += table[(samples[position] as number) & 0xffff] as number;
    }
    sums[block] = sum;
  }
}

/** Written out for the factors that large images on a screen have: twice as fast. */
const ADD_ROW: Partial<Record<number, AddRow>> = {
  2: (samples, table, start, sums) => {
    for (let block = 0, position = start; block < sums.length; block++, position += 2) {
      const first = table[(samples[position] as number) & 0xffff] as number;
      const second = table[(samples[position + 1] as number) & 0xffff] as number;
      sums[block] = (sums[block] as number) + first + second;
    }
  },
  3: (samples, table, start, sums) => {
    for (let block = 0, position = start; block < sums.length; block++, position += 3) {
      const first = table[(samples[position] as number) & 0xffff] as number;
      const second = table[(samples[position + 1] as number) & 0xffff] as number;
      const third = table[(samples[position + 2] as number) & 0xffff] as number;
      sums[block] = (sums[block] as number) + first + second + third;
    }
  },
  4: (samples, table, start, sums) => {
    for (let block = 0, position = start; block < sums.length; block++, position += 4) {
      const first = table[(samples[position] as number) & 0xffff] as number;
      const second = table[(samples[position + 1] as number) & 0xffff] as number;
      const third = table[(samples[position + 2] as number) & 0xffff] as number;
      const fourth = table[(samples[position + 3] as number) & 0xffff] as number;
      sums[block] = (sums[block] as number) + first + second + third + fourth;
    }
  },
};

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
