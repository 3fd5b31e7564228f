/**
 * The wire form `planes` of raw frames: each sample as its difference to the
 * one before of the same colour; of 16-bit samples the differences are folded
 * so that small ones of either sign are small numbers (zigzag), and all low
 * bytes stand before all high bytes. That is what makes them short under gzip.
 */

/** Undoes the encoding of 8-bit samples; `stride` is the number of samples per pixel. */
export function undoPlanes8(body: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const samples = new Uint8Array(body.length);
  for (let first = 0; first < stride; first++) {
    let sample = 0;
    for (let position = first; position < body.length; position += stride) {
      sample = (sample + (body[position] as number)) & 0xff;
      samples[position] = sample;
    }
  }
  return samples;
}

/** Undoes the encoding of 16-bit samples, signed or not: the bits are the same. */
export function undoPlanes16(body: Uint8Array, stride: number): Uint16Array<ArrayBuffer> {
  const count = body.length >> 1;
  const low = body.subarray(0, count);
  const high = body.subarray(count);
  const samples = new Uint16Array(count);
  for (let first = 0; first < stride; first++) {
    let sample = 0;
    for (let position = first; position < count; position += stride) {
      const folded = (low[position] as number) | ((high[position] as number) << 8);
      // 0, 1, 2, 3, ... mean 0, -1, 1, -2, ...
      sample = (sample + ((folded >>> 1) ^ -(folded & 1))) & 0xffff;
      samples[position] = sample;
    }
  }
  return samples;
}
