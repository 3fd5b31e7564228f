/** Colours of a picture for formats that have at most 256 of them. */

const PALETTE_SIZE = 256;

/** Pixels as places in a table of colours. */
interface Indexed {
  indices: Uint8Array;
  /** Red, green and blue of each colour that is used. */
  colors: Uint8Array;
}

/** Slots of the table of known colours, a power of two: four times the colours, so that few collide. */
const SLOTS = 4 * PALETTE_SIZE;

/** Bits of a channel that tell colours apart where there are too many. */
const COARSE_BITS = 5;
const COARSE_SIZE = 1 << (3 * COARSE_BITS);

/** Exact where a picture has at most 256 colours, as grey and colour-mapped ones do; else the nearest of 256. */
export function indexed(rgba: Uint8ClampedArray): Indexed {
  return exact(rgba) ?? nearest(rgba);
}

function exact(rgba: Uint8ClampedArray): Indexed | null {
  const indices = new Uint8Array(rgba.length / 4);
  const colors = new Uint8Array(3 * PALETTE_SIZE);
  const slotColors = new Int32Array(SLOTS).fill(-1);
  const slotIndices = new Uint8Array(SLOTS);
  let count = 0;
  for (let pixel = 0; pixel < indices.length; pixel++) {
    const red = rgba[4 * pixel] as number;
    const green = rgba[4 * pixel + 1] as number;
    const blue = rgba[4 * pixel + 2] as number;
    const color = (red << 16) | (green << 8) | blue;
    let slot = (Math.imul(color, 0x9e3779b1) >>> 16) & (SLOTS - 1);
    while (slotColors[slot] !== color && slotColors[slot] !== -1) slot = (slot + 1) & (SLOTS - 1);
    if (slotColors[slot] === -1) {
      if (count === PALETTE_SIZE) return null;
      slotColors[slot] = color;
      slotIndices[slot] = count;
      colors.set([red, green, blue], 3 * count);
      count += 1;
    }
    indices[pixel] = slotIndices[slot] as number;
  }
  return { indices, colors: colors.slice(0, 3 * count) };
}

/** Coarse colours that are shown as one. */
interface Box {
  cells: number[];
  pixels: number;
}

/** Median cut: the fullest box is divided along its longest side, until there are enough. */
function nearest(rgba: Uint8ClampedArray): Indexed {
  const counts = new Uint32Array(COARSE_SIZE);
  const sums = new Float64Array(3 * COARSE_SIZE);
  for (let start = 0; start < rgba.length; start += 4) {
    const cell = cellOf(rgba, start);
    counts[cell] = (counts[cell] as number) + 1;
    for (let channel = 0; channel < 3; channel++) {
      sums[3 * cell + channel] =
        (sums[3 * cell + channel] as number) + (rgba[start + channel] as number);
    }
  }
  const used = Array.from(counts.keys()).filter((cell) => counts[cell] !== 0);
  const boxes: Box[] = [{ cells: used, pixels: rgba.length / 4 }];
  while (boxes.length < PALETTE_SIZE) {
    const fullest = boxes
      .filter(({ cells }) => cells.length > 1)
      .reduce<Box | null>((most, box) => (box.pixels > (most?.pixels ?? 0) ? box : most), null);
    if (fullest === null) break;
    boxes.splice(boxes.indexOf(fullest), 1, ...halves(fullest, counts));
  }
  const colors = new Uint8Array(3 * boxes.length);
  const boxOfCell = new Uint8Array(COARSE_SIZE);
  boxes.forEach(({ cells, pixels }, index) => {
    for (const cell of cells) boxOfCell[cell] = index;
    for (let channel = 0; channel < 3; channel++) {
      const sum = cells.reduce((total, cell) => total + (sums[3 * cell + channel] as number), 0);
      colors[3 * index + channel] = Math.round(sum / pixels);
    }
  });
  const indices = new Uint8Array(rgba.length / 4);
  for (let pixel = 0; pixel < indices.length; pixel++) {
    indices[pixel] = boxOfCell[cellOf(rgba, 4 * pixel)] as number;
  }
  return { indices, colors };
}

function cellOf(rgba: Uint8ClampedArray, start: number): number {
  const drop = 8 - COARSE_BITS;
  const red = (rgba[start] as number) >> drop;
  const green = (rgba[start + 1] as number) >> drop;
  const blue = (rgba[start + 2] as number) >> drop;
  return (red << (2 * COARSE_BITS)) | (green << COARSE_BITS) | blue;
}

/** Two boxes with about half of the pixels each. */
function halves({ cells, pixels }: Box, counts: Uint32Array): [Box, Box] {
  const levels = (channel: number) => (cell: number) =>
    (cell >> ((2 - channel) * COARSE_BITS)) & ((1 << COARSE_BITS) - 1);
  const spans = [0, 1, 2].map((channel) => {
    const values = cells.map(levels(channel));
    return Math.max(...values) - Math.min(...values);
  });
  const level = levels(spans.indexOf(Math.max(...spans)));
  const sorted = [...cells].sort((one, other) => level(one) - level(other));
  let before = 0;
  let cut = 0;
  while (cut < sorted.length - 1 && (cut === 0 || before < pixels / 2)) {
    before += counts[sorted[cut] as number] as number;
    cut += 1;
  }
  return [
    { cells: sorted.slice(0, cut), pixels: before },
    { cells: sorted.slice(cut), pixels: pixels - before },
  ];
}
