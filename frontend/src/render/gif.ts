import { indexed } from './palette';

const ASCII = new TextEncoder();

/** Times are in hundredths of a second. */
const MS_A_TICK = 10;

/** Browsers show frames of less than two ticks slowly. */
const FEWEST_TICKS = 2;

/** Codes of LZW are at most 12 bits long. */
const MOST_CODES = 4096;

/** Slots of the table of known strings; a prime well above the number of codes. */
const HASH_SIZE = 9973;

/** Bytes of one block. */
const BLOCK_BYTES = 255;

/** Writes frames as a GIF that plays for ever, each with colours of its own. */
export class GifWriter {
  readonly #parts: Uint8Array<ArrayBuffer>[] = [];
  readonly #width: number;
  readonly #height: number;
  /** What rounding to ticks has left over; below zero where it took too much. */
  #rest_ms = 0;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#parts.push(
      Uint8Array.of(...ASCII.encode('GIF89a'), ...word(width), ...word(height), 0x70, 0, 0),
      // For ever: the extension that all browsers know.
      Uint8Array.of(0x21, 0xff, 11, ...ASCII.encode('NETSCAPE2.0'), 3, 1, 0, 0, 0),
    );
  }

  /** Adds a frame; pixels are red, green, blue and alpha, which is not looked at. */
  add(rgba: Uint8ClampedArray, stands_ms: number): void {
    const { indices, colors } = indexed(rgba);
    const bits = Math.max(1, Math.ceil(Math.log2(colors.length / 3)));
    const table = new Uint8Array(3 << bits);
    table.set(colors);
    this.#parts.push(
      Uint8Array.of(0x21, 0xf9, 4, 0, ...word(this.#ticks(stands_ms)), 0, 0),
      Uint8Array.of(
        0x2c,
        0,
        0,
        0,
        0,
        ...word(this.#width),
        ...word(this.#height),
        0x80 | (bits - 1),
      ),
      table,
      Uint8Array.of(Math.max(2, bits)),
      blocks(compress(indices, Math.max(2, bits))),
    );
  }

  finish(): Blob {
    return new Blob([...this.#parts, Uint8Array.of(0x3b)], { type: 'image/gif' });
  }

  /** Whole ticks; what is over or missing goes to the next frame, so that the whole keeps its length. */
  #ticks(stands_ms: number): number {
    const wanted_ms = stands_ms + this.#rest_ms;
    const ticks = Math.max(FEWEST_TICKS, Math.round(wanted_ms / MS_A_TICK));
    this.#rest_ms = Math.max(-MS_A_TICK, wanted_ms - ticks * MS_A_TICK);
    return Math.min(ticks, 0xffff);
  }
}

function word(value: number): [number, number] {
  return [value & 0xff, value >> 8];
}

/** LZW with codes that grow, as GIF has it. */
function compress(indices: Uint8Array, minBits: number): Uint8Array {
  const clear = 1 << minBits;
  const bytes = new Uint8Array(Math.ceil(indices.length * 1.6) + 64);
  let length = 0;
  let buffer = 0;
  let filled = 0;
  let codeBits = minBits + 1;
  let next = clear + 2;
  const keys = new Int32Array(HASH_SIZE).fill(-1);
  const codes = new Uint16Array(HASH_SIZE);

  const write = (code: number) => {
    buffer |= code << filled;
    filled += codeBits;
    while (filled >= 8) {
      bytes[length] = buffer & 0xff;
      length += 1;
      buffer >>>= 8;
      filled -= 8;
    }
  };

  write(clear);
  let prefix = indices[0] ?? 0;
  for (let position = 1; position < indices.length; position++) {
    const value = indices[position] as number;
    const key = (prefix << 8) | value;
    let slot = key % HASH_SIZE;
    while (keys[slot] !== key && keys[slot] !== -1) slot = (slot + 1) % HASH_SIZE;
    if (keys[slot] === key) {
      prefix = codes[slot] as number;
      continue;
    }
    write(prefix);
    prefix = value;
    if (next === MOST_CODES) {
      write(clear);
      keys.fill(-1);
      codeBits = minBits + 1;
      next = clear + 2;
      continue;
    }
    keys[slot] = key;
    codes[slot] = next;
    // The reader learns each code one step later than we do.
    if (next === 1 << codeBits) codeBits += 1;
    next += 1;
  }
  write(prefix);
  write(clear + 1);
  if (filled > 0) {
    bytes[length] = buffer & 0xff;
    length += 1;
  }
  return bytes.subarray(0, length);
}

/** Bytes in blocks with their lengths, and an empty one at the end. */
function blocks(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  const count = Math.ceil(bytes.length / BLOCK_BYTES);
  const result = new Uint8Array(bytes.length + count + 1);
  for (let block = 0; block < count; block++) {
    const part = bytes.subarray(block * BLOCK_BYTES, (block + 1) * BLOCK_BYTES);
    result[block * (BLOCK_BYTES + 1)] = part.length;
    result.set(part, block * (BLOCK_BYTES + 1) + 1);
  }
  return result;
}
