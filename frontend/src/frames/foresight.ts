import { frameKey, type FrameRef } from '../dicom/frameRef';
import { pictureWay } from '../dicom/storedFrame';
import { FRAME_BUDGET_BYTES, REDUCED_BUDGET_BYTES, type FrameCache } from './frameCache';
import type { LoadedFrame } from './frameStore';
import { Pace } from './pace';
import { chooseWay, plan, reducedSize, type Way } from './plan';
import type { Errand } from './prefetcher';

/** Where in which stack a person is, and where he is going. */
export interface Here {
  stack: readonly FrameRef[];
  position: number;
  direction: 1 | -1;
}

/** What frames are like: those of a stack are alike, and often those of the next one too. */
interface Shape {
  rows: number;
  columns: number;
  bytes: number;
  /** Whether the page makes pictures of them, and so of reduced ones. */
  isReducible: boolean;
}

/** A frame that takes longer leaves the line to its preview first. */
const LONG_SECONDS = 0.15;

/** Large frames mostly have samples of 16 bits. */
const BYTES_A_PIXEL = 2;

/** Decides which frames are fetched ahead, from what is there, the pace and the line. */
export class Foresight {
  readonly #cache: FrameCache;
  readonly #pace = new Pace();
  #shape: Shape | null = null;

  constructor(cache: FrameCache) {
    this.#cache = cache;
  }

  /** Takes note of a step. */
  step(): void {
    this.#pace.step(performance.now());
  }

  /** Takes note of what frames are like. */
  learn({ stored, recipe }: LoadedFrame): void {
    const { rows, columns, samples } = stored;
    const isReducible = pictureWay(stored, recipe.has_icc_profile) !== 'server';
    this.#shape = { rows, columns, bytes: samples.byteLength, isReducible };
  }

  /** Whether a frame of so many pixels takes long to come. */
  isLong(pixels: number): boolean {
    const { guess } = this.#cache.throughput;
    return guess !== null && (BYTES_A_PIXEL * pixels) / guess > LONG_SECONDS;
  }

  /** Whether the line has been measured. */
  get isSure(): boolean {
    return this.#cache.throughput.full !== null;
  }

  get way(): Way {
    const { full, reduced } = this.#cache.throughput;
    const shape = this.#shape;
    if (shape === null || full === null || reduced === null || !shape.isReducible) return 'full';
    return chooseWay({
      fullSeconds: shape.bytes / full,
      reducedSeconds: reducedBytes(shape, reducedSize(shape, reduced)) / reduced,
      stepSeconds: this.#pace.secondsAt(performance.now()),
    });
  }

  /** What is worth fetching, most urgent first. */
  errands({ stack, position, direction }: Here): Errand[] {
    const shape = this.#shape ?? { rows: 1, columns: 1, bytes: 1, isReducible: false };
    const size = reducedSize(shape, this.#cache.throughput.reduced ?? Infinity);
    const { frames, reduced } = this.#cache;
    const isIn = (cache: { has: (key: string) => boolean }) => (place: number) => {
      const ref = stack[place];
      return ref !== undefined && cache.has(frameKey(ref));
    };
    const wishes = plan({
      position,
      length: stack.length,
      direction,
      way: this.way,
      isFull: isIn(frames),
      isReduced: isIn(reduced),
      fullRoom: room(FRAME_BUDGET_BYTES, shape.bytes),
      reducedRoom: room(REDUCED_BUDGET_BYTES, reducedBytes(shape, size)),
    });
    return wishes.flatMap(({ position: place, isReduced }) => {
      const ref = stack[place];
      return ref === undefined ? [] : { ref, size: isReduced ? size : null };
    });
  }
}

function reducedBytes({ rows, columns, bytes }: Shape, size: number): number {
  const step = Math.ceil(Math.max(rows, columns) / size);
  return bytes / step ** 2;
}

/** Frames that may be fetched ahead: half of the memory stays for those seen before. */
function room(budgetBytes: number, frameBytes: number): number {
  return Math.max(2, Math.floor(budgetBytes / 2 / Math.max(frameBytes, 1)));
}
