/** Where the rows of a list begin when they differ in height, in CSS pixels from its top. */
export class RowOffsets {
  /** The top of each row, and the end of the last. */
  readonly #tops: Float64Array;

  constructor(heights: Iterable<number>, count: number) {
    this.#tops = new Float64Array(count + 1);
    let [row, top] = [0, 0];
    for (const height of heights) {
      if (row === count) break;
      top += height;
      row += 1;
      this.#tops[row] = top;
    }
  }

  /** Height of all rows. */
  get total(): number {
    return this.#tops.at(-1) ?? 0;
  }

  /** Top of a row; the total height for any beyond the last. */
  top(row: number): number {
    return this.#tops[Math.max(0, row)] ?? this.total;
  }

  height(row: number): number {
    return this.top(row + 1) - this.top(row);
  }

  /** The row at a height: the first above all, the last below all, -1 where there is none. */
  rowAt(y: number): number {
    let [low, high] = [0, this.#tops.length - 2];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.top(middle) <= y) low = middle;
      else high = middle - 1;
    }
    return Math.min(low, high);
  }
}
