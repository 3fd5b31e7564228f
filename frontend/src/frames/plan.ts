import { prefetchOrder } from './prefetch';

/** How frames are fetched ahead. */
export type Way =
  /** Full frames come as soon as they are wanted. */
  | 'full'
  /** Full frames do not keep up with a person on the way: reduced ones, far ahead. */
  | 'travel'
  /** The line is short, but there is time: reduced ones of the whole stack, then full ones. */
  | 'rest';

/** What is known of the line and of the pace. */
interface Conditions {
  /** Seconds for a full frame and for a reduced one; null where nothing has been measured. */
  fullSeconds: number | null;
  reducedSeconds: number | null;
  /** Seconds from step to step; null for who stands still. */
  stepSeconds: number | null;
}

/** A key that is held repeats thirty times a second. */
const KEY_STEP_SECONDS = 1 / 30;

/** Part of the time from step to step that frames may take: the rest is for the line to vary. */
const MARGIN = 0.8;

/** A reduced frame that takes nearly as long, as from a slow decoder, is of no use. */
const WORTHWHILE = 0.6;

export function chooseWay({ fullSeconds, reducedSeconds, stepSeconds }: Conditions): Way {
  if (fullSeconds === null || fullSeconds <= MARGIN * KEY_STEP_SECONDS) return 'full';
  if (reducedSeconds !== null && reducedSeconds > WORTHWHILE * fullSeconds) return 'full';
  if (stepSeconds === null) return 'rest';
  return fullSeconds > MARGIN * stepSeconds ? 'travel' : 'full';
}

/** Reduced frames are to come faster than keys repeat, to get ahead of who holds one. */
const REDUCED_PER_SECOND = 45;

/** Beyond this little is to be recognised. */
const LEAST_SIDE = 96;

/** Neither smaller nor larger sizes are to be had. */
const SIZES = { least: 32, most: 2048 };

/** The longer side to which frames are reduced, in whole steps of the image; `bytesPerSecond` of samples. */
export function reducedSize(
  frame: { rows: number; columns: number; bytes: number },
  bytesPerSecond: number,
): number {
  const side = Math.max(frame.rows, frame.columns);
  const most = Math.max(2, Math.floor(side / LEAST_SIDE));
  const needed = Math.sqrt((frame.bytes * REDUCED_PER_SECOND) / bytesPerSecond);
  const step = Math.min(Math.max(2, Math.ceil(needed)), most);
  return Math.min(Math.max(Math.ceil(side / step), SIZES.least), SIZES.most);
}

export interface Outlook {
  position: number;
  length: number;
  direction: 1 | -1;
  way: Way;
  isFull: (position: number) => boolean;
  /** Whether there is a reduced frame. */
  isReduced: (position: number) => boolean;
  /** Frames that there is memory for. */
  fullRoom: number;
  reducedRoom: number;
}

export interface Wish {
  position: number;
  isReduced: boolean;
}

/** What is worth fetching ahead, most urgent first. */
export function plan(outlook: Outlook): Wish[] {
  const { position, length, direction, way, isFull, isReduced } = outlook;
  const full = prefetchOrder(position, length, direction, outlook.fullRoom)
    .filter((candidate) => !isFull(candidate))
    .map((candidate) => ({ position: candidate, isReduced: false }));
  if (way === 'full') return full;
  const order = way === 'travel' ? onTheWay(outlook) : outward(outlook);
  const reduced = order
    .slice(0, outlook.reducedRoom)
    .filter((candidate) => !isFull(candidate) && !isReduced(candidate))
    .map((candidate) => ({ position: candidate, isReduced: true }));
  return way === 'travel' ? reduced : [...reduced, ...full];
}

/** Who turns round finds some frames there. */
const BEHIND = 4;

/** From here to the end, then what lies behind. */
function onTheWay({ position, length, direction }: Outlook): number[] {
  const ahead = line(position, direction, length);
  const behind = line(position - direction, -direction as 1 | -1, length);
  return [
    ...ahead.slice(0, 30),
    ...behind.slice(0, BEHIND),
    ...ahead.slice(30),
    ...behind.slice(BEHIND),
  ];
}

/** Both ways, nearest first. */
function outward({ position, length, direction }: Outlook): number[] {
  const order = [position];
  for (let distance = 1; distance < length; distance++) {
    order.push(position + direction * distance, position - direction * distance);
  }
  return order.filter((candidate) => candidate >= 0 && candidate < length);
}

function line(from: number, direction: 1 | -1, length: number): number[] {
  const count = Math.max(0, direction > 0 ? length - from : from + 1);
  return Array.from({ length: count }, (_, step) => from + direction * step);
}
