/** Cine as plain numbers: which frame comes next, and how long each stands. */

/** What happens at the end: from the beginning again, back the way it came, or nothing more. */
export type PlayMode = 'loop' | 'sweep' | 'once';

/** The positions that are played, both ends included. */
export interface PlayRange {
  first: number;
  last: number;
}

export interface PlayPlace {
  position: number;
  direction: 1 | -1;
}

/** The pace that a file asks for. */
export interface Pace {
  /** Frames a second; null where the file says nothing. */
  rate: number | null;
  /** How long each frame stands, where they differ; else empty. */
  times_ms: readonly number[];
}

export const UNKNOWN_PACE: Pace = { rate: null, times_ms: [] };

/** Where nothing is said of the pace. */
export const DEFAULT_FPS = 10;

export const SLOWEST_FPS = 1;

/** Screens mostly show no more. */
export const FASTEST_FPS = 60;

/** The nearest rate that can be played, to a hundredth. */
export function playableFps(fps: number): number {
  if (!Number.isFinite(fps)) return DEFAULT_FPS;
  const rounded = Math.round(fps * 100) / 100;
  return Math.min(Math.max(rounded, SLOWEST_FPS), FASTEST_FPS);
}

/** Where the cine goes next; null at its end. From outside of the range it goes to the start of it. */
export function nextPlace(
  { position, direction }: PlayPlace,
  { first, last }: PlayRange,
  mode: PlayMode,
): PlayPlace | null {
  if (position < first || position > last) return { position: first, direction: 1 };
  if (first >= last) return null;
  if (mode === 'sweep') {
    const ahead = position + direction;
    const turned = ahead < first || ahead > last ? (-direction as 1 | -1) : direction;
    return { position: position + turned, direction: turned };
  }
  if (position < last) return { position: position + 1, direction: 1 };
  return mode === 'loop' ? { position: first, direction: 1 } : null;
}

/** The positions in the order in which they are played from a place on, each once, that place first. */
export function comingPositions(
  from: PlayPlace,
  range: PlayRange,
  mode: PlayMode,
  most: number,
): number[] {
  const positions = new Set([from.position]);
  let place = nextPlace(from, range, mode);
  // Back and forth, a place may come by twice before every one was seen.
  for (let step = 0; step < 2 * most && positions.size < most && place !== null; step++) {
    positions.add(place.position);
    place = nextPlace(place, range, mode);
  }
  return [...positions];
}

/** One round of a cine: a sweep goes back, but shows its ends once. */
export function roundOf({ first, last }: PlayRange, mode: PlayMode): number[] {
  const forth = Array.from({ length: last - first + 1 }, (_, step) => first + step);
  return mode === 'sweep' ? [...forth, ...forth.slice(1, -1).reverse()] : forth;
}

/** How long a frame of a file stands at a rate: times that differ keep their proportions. */
export function frameTime_ms(fps: number, pace: Pace, frameIndex: number): number {
  const own_ms = pace.times_ms[frameIndex];
  if (own_ms === undefined || pace.rate === null) return 1000 / fps;
  return (own_ms * pace.rate) / fps;
}

/**
 * When the next frame is due after one that was due at `due_ms` and came at
 * `now_ms`. What came a little late does not delay the rest; after a longer
 * wait nothing is made up for.
 */
export function nextDue_ms(due_ms: number, now_ms: number, stands_ms: number): number {
  const planned_ms = due_ms + stands_ms;
  return planned_ms > now_ms ? planned_ms : now_ms + stands_ms;
}

const METER_WINDOW_MS = 1_000;

/** Frames a second over the last second. */
export class RateMeter {
  #beats_ms: number[] = [];

  reset(): void {
    this.#beats_ms = [];
  }

  /** Counts a frame that was drawn. */
  beat(now_ms: number): void {
    this.#beats_ms = this.#recent(now_ms);
    this.#beats_ms.push(now_ms);
  }

  /** null until there is something to count. */
  rate(now_ms: number): number | null {
    const recent = this.#recent(now_ms);
    const [oldest, latest] = [recent[0], recent.at(-1)];
    if (oldest === undefined || latest === undefined || latest === oldest) return null;
    return ((recent.length - 1) * 1_000) / (latest - oldest);
  }

  #recent(now_ms: number): number[] {
    return this.#beats_ms.filter((beat_ms) => now_ms - beat_ms <= METER_WINDOW_MS);
  }
}
