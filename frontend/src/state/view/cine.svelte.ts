import { flushSync } from 'svelte';

import { isAbort } from '../../api/apiError';
import type { Client } from '../../api/client';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import {
  comingPositions,
  DEFAULT_FPS,
  frameTime_ms,
  nextDue_ms,
  nextPlace,
  playableFps,
  RateMeter,
  roundOf,
  UNKNOWN_PACE,
  type Pace,
  type PlayMode,
  type PlayRange,
} from '../../interaction/playback';
import type { Stack } from './seriesContent';
import type { Viewer } from './viewer.svelte';

/** Frames that are named to the frame store, in the order in which they will be played. */
const COMING_FRAMES = 60;

/** A frame may come this much early: screens refresh when they do. */
const EARLY_MS = 4;

/** A frame that comes later than this stands its time from then on. */
const LATE_MS = 100;

/** The real rate is read by people. */
const RATE_INTERVAL_MS = 500;

/** Somebody went to another frame while one was awaited. */
export class StepError extends Error {}

/** Plays the frames of one pane, or the values of its dimension. */
export class Cine {
  readonly #viewer: Viewer;
  readonly #client: Pick<Client, 'info'>;
  readonly #meter = new RateMeter();
  #stackKey: string | null = null;
  #request: AbortController | null = null;
  #pace = $state.raw<Pace>(UNKNOWN_PACE);
  #paceSource = $state('');
  #chosenFps = $state<number | null>(null);
  #chosenRange = $state.raw<PlayRange | null>(null);
  #isAlongValues = $state(false);
  #isPlaying = $state(false);
  #rate = $state<number | null>(null);
  #direction: 1 | -1 = 1;
  /** The frame that was asked for last: if another is wanted, somebody else has stepped. */
  #asked: FrameRef | null = null;
  /** When the next frame is due; null for at once. */
  #due_ms: number | null = null;
  #ratedAt_ms = 0;
  /** Whether a tick is on its way: there is one at a time, however often somebody stops and plays. */
  #isTicking = false;
  /** Key of the frame on the canvas. */
  #drawn = '';

  mode = $state<PlayMode>('loop');

  /** What is played: frames, or one frame for each value of the dimension. */
  readonly course: readonly FrameRef[] = $derived.by(() => {
    const { scroll } = this.#viewer;
    const { stack, value, position } = scroll;
    if (!this.isAlongValues || stack === null) return scroll.frames;
    return stack.column({ value, position });
  });
  /** Position of the wanted frame in it, from 0. */
  readonly position: number = $derived.by(() => {
    const { scroll } = this.#viewer;
    if (!this.isAlongValues) return scroll.position;
    const key = scroll.ref === null ? '' : frameKey(scroll.ref);
    return Math.max(
      0,
      this.course.findIndex((ref) => frameKey(ref) === key),
    );
  });
  /** The part of the course that is played. */
  readonly range: PlayRange = $derived.by(() => {
    const end = Math.max(0, this.course.length - 1);
    const { first, last } = this.#chosenRange ?? { first: 0, last: end };
    return { first: Math.min(first, end), last: Math.min(last, end) };
  });

  constructor(viewer: Viewer, client: Pick<Client, 'info'>) {
    this.#viewer = viewer;
    this.#client = client;
  }

  get isPlaying(): boolean {
    return this.#isPlaying;
  }

  get canPlay(): boolean {
    return this.course.length > 1;
  }

  /** Whether only a part is played. */
  get hasRange(): boolean {
    return this.#chosenRange !== null;
  }

  /** Whether values of the dimension are played, and not frames. */
  get isAlongValues(): boolean {
    return this.#isAlongValues && this.#viewer.scroll.dimension !== null;
  }

  set isAlongValues(isAlongValues: boolean) {
    this.pause();
    this.#isAlongValues = isAlongValues;
    this.#chosenRange = null;
  }

  /** Frames a second: as somebody chose, as the file says, or ten. */
  get fps(): number {
    return this.#chosenFps ?? playableFps(this.#pace.rate ?? DEFAULT_FPS);
  }

  set fps(fps: number) {
    this.#chosenFps = playableFps(fps);
  }

  /** The element of the file that the rate is from; empty where it is not from the file. */
  get paceSource(): string {
    return this.#chosenFps === null ? this.#paceSource : '';
  }

  /** Frames that were drawn in the last second of play; null before there are some. */
  get rate(): number | null {
    return this.#rate;
  }

  /** Positions of one round, as they are played. */
  get round(): number[] {
    return roundOf(this.range, this.mode);
  }

  /** Begins anew with another stack, at the pace of its first file. */
  async meet(stack: Stack | null): Promise<void> {
    if (stack?.key === this.#stackKey) return;
    this.#stackKey = stack?.key ?? null;
    this.pause();
    this.#request?.abort();
    this.#pace = UNKNOWN_PACE;
    this.#paceSource = '';
    this.#chosenFps = null;
    this.#chosenRange = null;
    this.#isAlongValues = false;
    const [file] = stack?.row.files ?? [];
    if (stack === null || file === undefined || stack.row.files.length < 2) return;
    const request = new AbortController();
    this.#request = request;
    try {
      const info = await this.#client.info(file, request.signal);
      if (request.signal.aborted) return;
      const isOneFile = stack.row.files.every((other) => other === file);
      this.#pace = { rate: info.frame_rate, times_ms: isOneFile ? info.frame_times_ms : [] };
      this.#paceSource = info.frame_rate === null ? '' : info.frame_rate_source;
    } catch (reason) {
      // The frames themselves say what is wrong; meanwhile there is the usual rate.
      if (isAbort(reason)) return;
    }
  }

  toggle(): void {
    if (this.#isPlaying) this.pause();
    else this.play();
  }

  play(): void {
    if (!this.canPlay || this.#isPlaying) return;
    this.#isPlaying = true;
    this.#direction = 1;
    this.#asked = this.#viewer.scroll.ref;
    this.#rate = null;
    this.#meter.reset();
    this.#due_ms = null;
    this.#ratedAt_ms = performance.now();
    if (this.mode === 'once' && this.position >= this.range.last) {
      this.#goTo(this.range.first);
      this.#due_ms = performance.now() + this.time_ms(this.range.first);
    }
    if (!this.#isTicking) requestAnimationFrame(this.#tick);
    this.#isTicking = true;
  }

  pause(): void {
    this.#isPlaying = false;
    this.#rate = null;
  }

  /** The range begins with the frame that is wanted now. */
  startHere(): void {
    const { position } = this;
    const { last } = this.range;
    this.#chosenRange = { first: position, last: last > position ? last : this.course.length - 1 };
  }

  /** The range ends with the frame that is wanted now. */
  endHere(): void {
    const { position } = this;
    const { first } = this.range;
    this.#chosenRange = { first: first < position ? first : 0, last: position };
  }

  playAll(): void {
    this.#chosenRange = null;
  }

  /** Takes note that the canvas shows what is seen. */
  drawn(): void {
    const { seen } = this.#viewer;
    const key = seen === null ? '' : frameKey(seen.ref);
    if (key === this.#drawn) return;
    this.#drawn = key;
    if (!this.#isPlaying) return;
    const now_ms = performance.now();
    this.#meter.beat(now_ms);
    if (this.#due_ms !== null && now_ms - this.#due_ms > LATE_MS) {
      this.#due_ms = now_ms + this.time_ms(this.position);
    }
  }

  /** Puts the frame at a position of the course on the canvas, whole; rejects where there is none. */
  async show(position: number, signal: AbortSignal): Promise<void> {
    this.pause();
    this.#direction = 1;
    this.#goTo(position);
    const asked = this.#asked;
    while (!this.#isWhole()) {
      await nextFrame(signal);
      const { failure, isLoading } = this.#viewer;
      if (failure !== null && !isLoading) throw failure;
      if (this.#viewer.scroll.ref !== asked) throw new StepError();
    }
    // What lies over the image is drawn one animation frame later.
    await nextFrame(signal);
  }

  /** How long the frame at a position of the course stands. */
  time_ms(position: number): number {
    const pace = this.isAlongValues ? UNKNOWN_PACE : this.#pace;
    return frameTime_ms(this.fps, pace, this.course[position]?.frame_index ?? 0);
  }

  readonly #tick = (): void => {
    if (this.#viewer.scroll.ref !== this.#asked) this.pause();
    this.#isTicking = this.#isPlaying;
    if (!this.#isPlaying) return;
    const now_ms = performance.now();
    const isDue = this.#due_ms === null || now_ms >= this.#due_ms - EARLY_MS;
    if (isDue && this.#isSeen()) this.#advance(now_ms);
    if (now_ms - this.#ratedAt_ms >= RATE_INTERVAL_MS) {
      this.#ratedAt_ms = now_ms;
      this.#rate = this.#meter.rate(now_ms);
    }
    // The drawing is asked for before the next tick, and so comes before it.
    flushSync();
    requestAnimationFrame(this.#tick);
  };

  /** Whether the frame that was asked for is on the canvas; what cannot be shown is not waited for. */
  #isSeen(): boolean {
    if (this.#asked === null || this.#drawn === frameKey(this.#asked)) return true;
    return this.#viewer.failure !== null && !this.#viewer.isLoading;
  }

  #isWhole(): boolean {
    const { shown } = this.#viewer;
    const asked = this.#asked === null ? null : frameKey(this.#asked);
    return shown !== null && frameKey(shown.ref) === asked && this.#drawn === asked;
  }

  #advance(now_ms: number): void {
    const here = { position: this.position, direction: this.#direction };
    const next = nextPlace(here, this.range, this.mode);
    if (next === null) {
      this.pause();
      return;
    }
    this.#direction = next.direction;
    this.#goTo(next.position);
    this.#due_ms = nextDue_ms(this.#due_ms ?? now_ms, now_ms, this.time_ms(next.position));
  }

  #goTo(position: number): void {
    const from = { position, direction: this.#direction };
    const refs = comingPositions(from, this.range, this.mode, COMING_FRAMES).flatMap(
      (coming) => this.course[coming] ?? [],
    );
    this.#asked = refs[0] ?? null;
    this.#viewer.goAlong({ refs, position: 0, direction: 1 });
  }
}

/** Waits for the next animation frame. */
export function nextFrame(signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    requestAnimationFrame(() => {
      if (signal?.aborted === true) reject(signal.reason as Error);
      else resolve();
    });
  });
}
