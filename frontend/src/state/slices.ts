/** Work that takes longer is cut here, so that the page stays in reach. */
const SLICE_MS = 12;

/** How many items go by between two looks at the clock. */
const STRIDE = 64;

/**
 * Does something with each item, with pauses between slices of work; null
 * where one slice is enough, so that short work is done at once.
 */
export function inSlices<Item>(
  items: Iterable<Item>,
  work: (item: Item) => void,
  signal: AbortSignal,
): Promise<void> | null {
  const iterator = items[Symbol.iterator]();
  if (!workOff(iterator, work)) return goOn(iterator, work, signal);
  return null;
}

async function goOn<Item>(
  iterator: Iterator<Item>,
  work: (item: Item) => void,
  signal: AbortSignal,
): Promise<void> {
  do {
    await new Promise((resolve) => setTimeout(resolve));
  } while (!signal.aborted && !workOff(iterator, work));
}

/** Works for one slice; true where nothing is left. */
function workOff<Item>(iterator: Iterator<Item>, work: (item: Item) => void): boolean {
  const until = performance.now() + SLICE_MS;
  for (let count = 1; ; count++) {
    const next = iterator.next();
    if (next.done === true) return true;
    work(next.value);
    if (count % STRIDE === 0 && performance.now() > until) return false;
  }
}
