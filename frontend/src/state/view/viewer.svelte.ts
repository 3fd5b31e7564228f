import type { ApiError } from '../../api/apiError';
import type { Recipe } from '../../api/types.gen';
import type { ColorMapName } from '../../dicom/colorMaps';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { FrameStore, LoadedFrame } from '../../frames/frameStore';
import { toImagePoint, type Camera, type Point, type View } from '../../interaction/camera';
import type { Intent } from '../../interaction/gestures';
import { PictureMaker } from '../../render/picture';
import type { Scene } from '../../render/scene';
import { FrameLoader, isWhole, withSamples, type SeenFrame } from './frameLoader.svelte';
import { Framing } from './framing.svelte';
import { readingAt, type Reading } from './reading';
import { Scroll, type Line } from './scroll.svelte';
import type { FileFacts, SeriesContent, Stack } from './seriesContent';
import type { VoiChoice } from './voiChoice';
import { Windowing } from './windowing.svelte';

type Frames = Pick<
  FrameStore,
  'show' | 'peek' | 'glimpse' | 'isReady' | 'preview' | 'forget' | 'onArrival'
>;

/** Zoom, window and colours as somebody has set them. */
export interface Appearance {
  view: View;
  choice: VoiChoice;
  isInverted: boolean;
  colorMap: ColorMapName;
}

/** How a stack is looked at first: by itself, with zoom and window of the one before, or as it once was. */
export type Look = 'own' | 'kept' | Appearance;

/** How a stack is opened: at a frame, or at its beginning. */
interface Opening {
  at?: FrameRef | null;
  look?: Look;
}

/** What zoom and window are made for. */
interface Subject {
  modality: string;
  rows: number;
  columns: number;
}

/** One viewport: which frame of which stack, and how it is looked at. */
export class Viewer {
  /** Which frame of which stack is wanted. */
  readonly scroll = new Scroll();
  readonly #loader: FrameLoader;
  readonly #pictures = new PictureMaker();
  /** Steps taken before the stack was there. */
  #stepsAhead = 0;
  #subject: Subject | null = null;

  /** Where the pointer is in the viewport; null outside. */
  pointer = $state.raw<Point | null>(null);

  /** The frame on screen with its samples; null for a preview. */
  readonly shown: LoadedFrame | null = $derived.by(() => {
    const { seen } = this.#loader;
    return isWhole(seen) ? seen : null;
  });
  /** Which values are seen grey. */
  readonly windowing: Windowing = new Windowing(() => withSamples(this.seen));
  /** Where the image stands in the viewport. */
  readonly framing: Framing = new Framing(() => {
    const { seen } = this.#loader;
    if (seen === null) return null;
    const { columns, rows, recipe } = seen;
    return { width: columns, height: rows, pixelAspect: pixelAspect(recipe) };
  });
  readonly #picture = $derived.by(() => {
    const { voi, isInverted, colors } = this.windowing;
    return this.seen && this.#pictures.make(this.seen, voi, isInverted, colors);
  });
  readonly scene: Scene | null = $derived.by(() => {
    const { camera, pixelRatio, isSmooth } = this.framing;
    const picture = this.#picture;
    return picture && camera && { picture, camera, pixelRatio, isSmooth };
  });
  readonly reading: Reading | null = $derived.by(() => {
    if (this.pointer === null || this.camera === null || this.shown === null) return null;
    const plane = this.stack?.planeOf(this.shown.ref) ?? null;
    const point = toImagePoint(this.camera, this.pointer);
    return readingAt(this.shown, this.windowing.voi, plane, point);
  });

  constructor(store: Frames, onFailure: (failure: ApiError) => void) {
    this.#loader = new FrameLoader(store, this.scroll, () => this.windowing, onFailure);
  }

  get stack(): Stack | null {
    return this.scroll.stack;
  }

  /** The frames that are stepped through. */
  get frames(): readonly FrameRef[] {
    return this.scroll.frames;
  }

  /** Position of the wanted frame among them, from 0. */
  get position(): number {
    return this.scroll.position;
  }

  /** The file that the viewport and the tags are about. */
  get file(): FileFacts | null {
    return this.scroll.file;
  }

  /** The frame on screen, as it is or as a preview. */
  get seen(): SeenFrame | null {
    return this.#loader.seen;
  }

  get failure(): ApiError | null {
    return this.#loader.failure;
  }

  get isLoading(): boolean {
    return this.#loader.isLoading;
  }

  get camera(): Camera | null {
    return this.framing.camera;
  }

  /** Whether a reduced picture stands in for the frame. */
  get isPreview(): boolean {
    return this.seen !== null && this.shown === null;
  }

  get hasOverlays(): boolean {
    return (this.seen?.recipe.overlays.length ?? 0) > 0;
  }

  get hasShutter(): boolean {
    return (this.seen?.recipe.shutter ?? null) !== null;
  }

  /** Position of the frame on screen, from 0. */
  get shownPosition(): number {
    return this.scroll.placeOf(this.seen?.ref ?? null)?.position ?? -1;
  }

  /** The frame on screen as `file/frame`, empty for none and for a preview. */
  get shownKey(): string {
    return this.shown === null ? '' : frameKey(this.shown.ref);
  }

  /** The same for what stands in for a frame too. */
  get seenKey(): string {
    return this.seen === null ? '' : frameKey(this.seen.ref);
  }

  get appearance(): Appearance {
    const { choice, isInverted, colorMap } = this.windowing;
    return { view: this.framing.view, choice, isInverted, colorMap };
  }

  /** The window on screen as `center/width`, empty for colour and tables. */
  get windowKey(): string {
    const { voi } = this.windowing;
    return voi?.kind === 'window' ? `${String(voi.center)}/${String(voi.width)}` : '';
  }

  /**
   * Opens a stack at its beginning or at one of its frames. A kept zoom is for
   * images of the same size, a kept window for the same modality and unit.
   */
  open(content: SeriesContent, stack: Stack, { at = null, look = 'own' }: Opening = {}): void {
    if (stack.key === this.stack?.key) {
      this.goTo(at);
      this.#wear(look);
      return;
    }
    const steps = this.#stepsAhead;
    this.clear(look);
    if (this.scroll.enter(content, stack, at) === null) return;
    this.#adapt(content.row.modality, this.scroll.file);
    this.#wear(look);
    if (steps > 0) this.scroll.goToPosition(this.position + steps);
    this.#loader.goAlong(this.scroll.here());
  }

  /** Shows nothing, until something is opened. */
  clear(look: Look = 'own'): void {
    this.#loader.clear();
    this.#stepsAhead = 0;
    this.scroll.leave();
    if (look !== 'kept') this.reset();
  }

  /** Goes on by some frames; what is asked for before a stack is there, happens once it is. */
  step(frames: number): void {
    if (this.stack === null) this.#stepsAhead = Math.max(0, this.#stepsAhead + frames);
    else this.goToPosition(this.position + frames);
  }

  /** Goes to a position in the stack, or to the nearest end. */
  goToPosition(position: number): void {
    this.#loader.goAlong(this.scroll.goToPosition(position));
  }

  /** Goes to a frame of the stack. */
  goTo(ref: FrameRef | null): void {
    this.#loader.goAlong(this.scroll.goTo(ref));
  }

  /** Goes to another value of the dimension, at the same position. */
  goToValue(value: number): void {
    this.#loader.goAlong(this.scroll.goToValue(value));
  }

  /** Goes to a frame of the stack; those of the line are the next. */
  goAlong(line: Line): void {
    this.#loader.goAlong(this.scroll.goAlong(line));
  }

  /** Asks again for a frame that failed. */
  retry(): void {
    if (this.scroll.ref === null) return;
    this.#loader.forget(this.scroll.ref);
    this.#loader.goAlong(this.scroll.here());
  }

  /** Carries out what a gesture means. */
  follow(intent: Intent): void {
    switch (intent.kind) {
      case 'step':
        this.step(intent.frames);
        break;
      case 'pan':
        this.framing.pan(intent.dx, intent.dy);
        break;
      case 'zoom':
        this.framing.zoom(intent.about, intent.factor);
        break;
      case 'pinch':
        this.framing.pan(intent.dx, intent.dy);
        this.framing.zoom(intent.about, intent.factor);
        break;
      case 'window':
        this.windowing.drag(intent.dx, intent.dy, intent.isStart);
        break;
    }
  }

  /** Back to the whole image, upright, with the window of the file. */
  reset(): void {
    this.framing.reset();
    this.windowing.reset();
  }

  #wear(look: Look): void {
    if (typeof look === 'string') return;
    this.framing.view = look.view;
    this.windowing.choice = look.choice;
    this.windowing.isInverted = look.isInverted;
    this.windowing.colorMap = look.colorMap;
  }

  /** Gives up what was made for another kind of image. */
  #adapt(modality: string, file: FileFacts | null): void {
    const { rows, columns } = file ?? { rows: 0, columns: 0 };
    const before = this.#subject;
    this.#subject = { modality, rows, columns };
    if (before === null) return;
    if (before.modality !== modality) this.windowing.reset();
    if (before.rows !== rows || before.columns !== columns) this.framing.reset();
  }
}

/** Height of a pixel for a width of 1. */
function pixelAspect({ pixel_aspect }: Recipe): number {
  const ratio = pixel_aspect.vertical / pixel_aspect.horizontal;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}
