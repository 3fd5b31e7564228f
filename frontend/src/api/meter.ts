/** What an answer took: how many bytes of samples, and for how long they came. */
export interface Transfer {
  /** After decompression: what counts is how soon samples are there. */
  bytes: number;
  seconds: number;
  kind: 'full' | 'reduced' | 'script';
}

/** The clock of a browser is no finer. */
const LEAST_SECONDS = 0.000_5;

/** Answers whose time the browser has not told yet, or never will. */
const MOST_PENDING = 64;

/**
 * How long answers take on the line, by the browser's own clock: what keeps
 * the page busy meanwhile does not count.
 */
export class Meter {
  readonly #onTransfer: (transfer: Transfer) => void;
  readonly #sizes = new Map<string, Omit<Transfer, 'seconds'>>();
  readonly #times = new Map<string, number>();

  constructor(onTransfer: (transfer: Transfer) => void) {
    this.#onTransfer = onTransfer;
    const isTold = globalThis.PerformanceObserver?.supportedEntryTypes?.includes('resource');
    if (isTold !== true) return;
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) this.#time(entry as PerformanceResourceTiming);
    });
    observer.observe({ type: 'resource', buffered: true });
  }

  /** Takes note of what an answer has brought, of which the browser tells the time. */
  note(url: string, bytes: number, kind: 'full' | 'reduced'): void {
    const seconds = this.#times.get(url);
    this.#times.delete(url);
    if (seconds === undefined) remember(this.#sizes, url, { bytes, kind });
    else this.#onTransfer({ bytes, kind, seconds });
  }

  #time(entry: PerformanceResourceTiming): void {
    const { name, responseStart, responseEnd } = entry;
    // What was aborted has no answer.
    if (!(responseStart > 0 && responseEnd >= responseStart)) return;
    const seconds = Math.max((responseEnd - responseStart) / 1_000, LEAST_SECONDS);
    if (entry.initiatorType === 'script') {
      // The first that is known of the line: script shrinks about as much as samples do.
      const isFromCache = entry.transferSize < entry.encodedBodySize;
      if (!isFromCache) this.#onTransfer({ bytes: entry.decodedBodySize, seconds, kind: 'script' });
      return;
    }
    const size = this.#sizes.get(name);
    this.#sizes.delete(name);
    if (size === undefined) remember(this.#times, name, seconds);
    else this.#onTransfer({ ...size, seconds });
  }
}

function remember<Value>(map: Map<string, Value>, key: string, value: Value): void {
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > MOST_PENDING && oldest !== undefined) map.delete(oldest);
}
