/**
 * The wire form `planes` of raw frames: each sample as its difference to the
 * one before of the same colour; of 16-bit samples the differences are folded
 * so that small ones of either sign are small numbers (zigzag), and all low
 * bytes stand before all high bytes. That is what makes them short under gzip.
 */

/** Undoes the encoding of 8-bit samples; `stride` is the number of samples per pixel. */
export function undoPlanes8(body: Uint8Array, stride: number): Uint8Array<ArrayBuffer> {
  const samples = new Uint8Array(body.length);
  // Typed arrays wrap what is stored, as the sums have to.
  const first = Math.min(stride, body.length);
  for (let position = 0; position < first; position++) {
    samples[position] = body[position] as number;
  }
  for (let position = stride; position < body.length; position++) {
    samples[position] = (body[position] as number) + (samples[position - stride] as number);
  }
  return samples;
}

/** Undoes the encoding of 16-bit samples, signed or not: the bits are the same. */
export function undoPlanes16(body: Uint8Array, stride: number): Uint16Array<ArrayBuffer> {
  const count = body.length >> 1;
  const samples = new Uint16Array(count);
  if (stride === 1) {
    let sample = 0;
    for (let position = 0; position < count; position++) {
      sample += unfolded(body[position] as number, body[count + position] as number);
      samples[position] = sample;
    }
    return samples;
  }
  for (let position = 0; position < count; position++) {
    const before = position < stride ? 0 : (samples[position - stride] as number);
    samples[position] =
      before + unfolded(body[position] as number, body[count + position] as number);
  }
  return samples;
}

/** 0, 1, 2, 3, ... as 0, -1, 1, -2, ... */
function unfolded(low: number, high: number): number {
  const folded = low | (high << 8);
  return (folded >>> 1) ^ -(folded & 1);
}
