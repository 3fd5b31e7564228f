import { ApiError, asApiError, isAbort } from '../api/apiError';
import type { Recipe } from '../api/types.gen';
import { modalityFunction } from '../dicom/modality';
import { voiFunction, windowBetween } from '../dicom/voi';
import type { Voi, VoiWindow } from '../dicom/recipe';
import { storedValuesAt } from '../dicom/storedFrame';
import { dragWindow } from '../dicom/windowDrag';
import { frameKey, type FrameRef } from '../dicom/frameRef';
import type { FrameResult, FrameStore, LoadedFrame, PreviewFrame } from '../frames/frameStore';
import {
  flipHorizontally,
  flipVertically,
  panBy,
  resolveCamera,
  rotateBy,
  toImagePoint,
  WHOLE_IMAGE,
  zoomAbout,
  type Orientation,
  type Point,
  type Size,
  type View,
} from '../interaction/camera';
import type { Intent, Tool } from '../interaction/gestures';
import { PictureMaker } from '../render/picture';
import type { Scene } from '../render/scene';
import { realWorldText } from './explanationText';
import { Scroll, type Line } from './scroll.svelte';
import type { FileFacts, SeriesContent, Stack } from './seriesContent';
import {
  DEFAULT_VOI,
  optionKey,
  resolveVoi,
  voiOptions,
  voiQuery,
  type VoiChoice,
} from './voiChoice';

/** Frames above this size take long enough that a reduced picture comes first. */
const PREVIEW_FROM_PIXELS = 2 ** 20;

/** What lies under the pointer. */
export interface Reading {
  column: number;
  row: number;
  /** One value a sample. */
  stored: readonly number[];
  /** null for colour. */
  modality: number | null;
  /** Grey level of the picture, before any inversion by the user; null for colour. */
  display: number | null;
  /** What the file says the stored value stands for, in words; empty where it says nothing. */
  realWorld: string;
}

type Frames = Pick<FrameStore, 'show' | 'peek' | 'preview' | 'forget'>;

/** One viewport: which frame of which stack, and how it is looked at. */
export class Viewer {
  /** Which frame of which stack is wanted. */
  readonly scroll = new Scroll();
  readonly #store: Frames;
  readonly #pictures = new PictureMaker();
  readonly #onFailure: (failure: ApiError) => void;

  /** What is on screen; it may lag behind the wanted frame while that loads. */
  #seen = $state.raw<LoadedFrame | PreviewFrame | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #isLoading = $state(false);
  #view = $state.raw<View>(WHOLE_IMAGE);
  #voiChoice = $state.raw<VoiChoice>(DEFAULT_VOI);
  #isInverted = $state(false);
  #dragStart: VoiWindow | null = null;
  /** Steps taken before the stack was there. */
  #stepsAhead = 0;
  #previewRequest: AbortController | null = null;

  tool = $state<Tool>('window');
  isSmooth = $state(true);
  /** Size of the viewport in CSS pixels. */
  viewport = $state.raw<Size>({ width: 1, height: 1 });
  /** Device pixels for one CSS pixel. */
  pixelRatio = $state(1);
  /** Where the pointer is in the viewport; null outside. */
  pointer = $state.raw<Point | null>(null);

  /** The frame on screen with its samples; null for a preview. */
  readonly shown: LoadedFrame | null = $derived(
    this.#seen !== null && 'stored' in this.#seen ? this.#seen : null,
  );
  readonly #imageSize: Size | null = $derived(
    this.#seen && { width: this.#seen.columns, height: this.#seen.rows },
  );
  readonly camera = $derived(
    this.#seen &&
      this.#imageSize &&
      resolveCamera(this.#view, this.#imageSize, this.viewport, pixelAspect(this.#seen.recipe)),
  );
  /** The window or LUT in use; null for colour. */
  readonly voi: Voi | null = $derived(
    this.shown && resolveVoi(this.#voiChoice, this.shown.stored, this.shown.recipe),
  );
  /** The windows to choose from; none for colour. */
  readonly voiOptions = $derived(
    this.voi !== null && this.shown !== null ? voiOptions(this.shown.recipe, this.#voiChoice) : [],
  );
  readonly voiKey = $derived(
    this.shown === null ? '' : optionKey(this.#voiChoice, this.shown.recipe),
  );
  readonly #picture = $derived(
    this.#seen && this.#pictures.make(this.#seen, this.voi, this.#isInverted),
  );
  readonly scene: Scene | null = $derived(
    this.#picture &&
      this.camera && {
        picture: this.#picture,
        camera: this.camera,
        pixelRatio: this.pixelRatio,
        isSmooth: this.isSmooth,
      },
  );
  readonly reading: Reading | null = $derived.by(() => {
    if (this.pointer === null || this.camera === null || this.shown === null) return null;
    const point = toImagePoint(this.camera, this.pointer);
    const [column, row] = [Math.floor(point.x), Math.floor(point.y)];
    const { stored, recipe } = this.shown;
    const values = storedValuesAt(stored, column, row);
    if (values === null) return null;
    const [first] = values;
    if (this.voi === null || first === undefined) {
      return { column, row, stored: values, modality: null, display: null, realWorld: '' };
    }
    const modality = modalityFunction(recipe.modality)(first);
    const grey = voiFunction(this.voi)(modality);
    return {
      column,
      row,
      stored: values,
      modality,
      display: recipe.inverted ? 255 - grey : grey,
      realWorld: realWorldText(first, recipe.real_world),
    };
  });

  constructor(store: Frames, onFailure: (failure: ApiError) => void) {
    this.#store = store;
    this.#onFailure = onFailure;
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
  get seen(): LoadedFrame | PreviewFrame | null {
    return this.#seen;
  }

  /** Whether a reduced picture stands in for the frame. */
  get isPreview(): boolean {
    return this.#seen !== null && this.shown === null;
  }

  get hasOverlays(): boolean {
    return (this.#seen?.recipe.overlays.length ?? 0) > 0;
  }

  get hasShutter(): boolean {
    return (this.#seen?.recipe.shutter ?? null) !== null;
  }

  get voiChoice(): VoiChoice {
    return this.#voiChoice;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  get isLoading(): boolean {
    return this.#isLoading;
  }

  get isInverted(): boolean {
    return this.#isInverted;
  }

  get orientation(): Orientation {
    return this.#view.orientation;
  }

  get isFitted(): boolean {
    return this.#view.zoom === 'fit';
  }

  /** Position of the frame on screen, from 0. */
  get shownPosition(): number {
    return this.scroll.placeOf(this.#seen?.ref ?? null)?.position ?? -1;
  }

  /** The frame on screen as `file/frame`, empty for none and for a preview. */
  get shownKey(): string {
    return this.shown === null ? '' : frameKey(this.shown.ref);
  }

  /** The window on screen as `center/width`, empty for colour and tables. */
  get windowKey(): string {
    return this.voi?.kind === 'window'
      ? `${String(this.voi.center)}/${String(this.voi.width)}`
      : '';
  }

  /** Opens a stack at its beginning, seen whole and with its own window. */
  open(content: SeriesContent, stack: Stack): void {
    if (stack.key === this.stack?.key) return;
    const steps = this.#stepsAhead;
    this.clear();
    if (this.scroll.enter(content, stack) === null) return;
    this.scroll.goToPosition(steps);
    this.#goAlong(this.scroll.here());
  }

  /** Shows nothing, until something is opened. */
  clear(): void {
    this.#seen = null;
    this.#failure = null;
    this.#isLoading = false;
    this.#stepsAhead = 0;
    this.#previewRequest?.abort();
    this.scroll.leave();
    this.resetView();
  }

  /** Goes on by some frames; what is asked for before a stack is there, happens once it is. */
  step(frames: number): void {
    if (this.stack === null) this.#stepsAhead = Math.max(0, this.#stepsAhead + frames);
    else this.goToPosition(this.position + frames);
  }

  /** Goes to a position in the stack, or to the nearest end. */
  goToPosition(position: number): void {
    this.#goAlong(this.scroll.goToPosition(position));
  }

  /** Goes to another value of the dimension, at the same position. */
  goToValue(value: number): void {
    this.#goAlong(this.scroll.goToValue(value));
  }

  /** Asks again for a frame that failed. */
  retry(): void {
    if (this.scroll.ref === null) return;
    this.#store.forget(this.scroll.ref);
    this.#goAlong(this.scroll.here());
  }

  /** Carries out what a gesture means. */
  follow(intent: Intent): void {
    if (this.camera === null) {
      if (intent.kind === 'step') this.step(intent.frames);
      return;
    }
    switch (intent.kind) {
      case 'step':
        this.step(intent.frames);
        break;
      case 'pan':
        this.#view = panBy(this.camera, intent.dx, intent.dy);
        break;
      case 'zoom':
        this.#view = zoomAbout(this.camera, intent.about, intent.factor);
        break;
      case 'window':
        if (intent.isStart) this.#dragStart = this.#currentWindow();
        if (this.#dragStart !== null) {
          const window = dragWindow(this.#dragStart, intent.dx, intent.dy);
          this.#voiChoice = { kind: 'custom', window };
        }
        break;
    }
  }

  chooseVoi(choice: VoiChoice): void {
    this.#voiChoice = choice;
  }

  /** The next of the windows to choose from; after the last comes the first. */
  nextVoi(): void {
    const here = this.voiOptions.findIndex(({ key }) => key === this.voiKey);
    const next = this.voiOptions[(here + 1) % this.voiOptions.length];
    if (next !== undefined) this.#voiChoice = next.choice;
  }

  /** The whole range of values, or the choice of the file again. */
  toggleFullDynamic(): void {
    this.#voiChoice = this.#voiChoice.kind === 'full' ? DEFAULT_VOI : { kind: 'full' };
  }

  invert(): void {
    this.#isInverted = !this.#isInverted;
  }

  flipHorizontally(): void {
    this.#turn(flipHorizontally(this.#view.orientation));
  }

  flipVertically(): void {
    this.#turn(flipVertically(this.#view.orientation));
  }

  rotate(quarterTurns: number): void {
    this.#turn(rotateBy(this.#view.orientation, quarterTurns));
  }

  fit(): void {
    this.#view = { ...this.#view, zoom: 'fit', center: null };
  }

  /** One image pixel on one device pixel. */
  oneToOne(): void {
    this.#view = { ...this.#view, zoom: 1 / this.pixelRatio };
  }

  /** Back to the whole image, upright, with the window of the file. */
  resetView(): void {
    this.#view = WHOLE_IMAGE;
    this.#voiChoice = DEFAULT_VOI;
    this.#isInverted = false;
    this.#dragStart = null;
  }

  #turn(orientation: Orientation): void {
    this.#view = { ...this.#view, orientation };
  }

  /** The window that a drag starts from; a LUT is replaced by the window over its input. */
  #currentWindow(): VoiWindow | null {
    if (this.voi === null || this.voi.kind === 'window') return this.voi;
    const { first_mapped, entries } = this.voi;
    return windowBetween(first_mapped, first_mapped + entries.length - 1);
  }

  /** Shows the frame that is wanted now; those of the line are the next. */
  #goAlong(line: Line | null): void {
    const { ref } = this.scroll;
    if (line === null || ref === null) return;
    const pending = this.#store.show(line.refs, line.position, line.direction);
    const known = this.#store.peek(ref);
    if (known !== undefined) {
      this.#accept(known);
      return;
    }
    this.#isLoading = true;
    this.#failure = null;
    this.#startPreview(ref);
    pending.then(
      (result) => {
        if (this.scroll.ref === ref) this.#accept(result);
        else this.#showInPassing(result);
      },
      (reason: unknown) => {
        if (this.scroll.ref === ref && !isAbort(reason)) this.#accept(asApiError(reason));
      },
    );
  }

  /** While a person scrolls faster than frames come, each that is nearer than the last is shown. */
  #showInPassing(result: FrameResult): void {
    if (!this.#isLoading || result instanceof ApiError) return;
    const distance = (ref: FrameRef | null) => {
      const place = this.scroll.placeOf(ref);
      const { position, value } = this.scroll;
      if (place === null) return Infinity;
      return Math.abs(place.position - position) + Math.abs(place.value - value);
    };
    if (distance(result.ref) < distance(this.#seen?.ref ?? null)) this.#seen = result;
  }

  /** Asks for a reduced picture of a large frame, to bridge the time until it is there. */
  #startPreview(ref: FrameRef): void {
    this.#previewRequest?.abort();
    const file = this.scroll.fileOf(ref.file);
    const pixels = (file?.rows ?? 0) * (file?.columns ?? 0);
    // The server's picture is not inverted.
    if (pixels <= PREVIEW_FROM_PIXELS || this.#isInverted) return;
    const request = new AbortController();
    this.#previewRequest = request;
    this.#store.preview(ref, voiQuery(this.#voiChoice), request.signal).then(
      (preview) => {
        if (this.scroll.ref === ref && this.#isLoading) this.#seen = preview;
      },
      // The frame itself is on its way, and says what is wrong.
      () => undefined,
    );
  }

  #accept(result: FrameResult): void {
    this.#isLoading = false;
    this.#previewRequest?.abort();
    if (result instanceof ApiError) {
      this.#failure = result;
      this.#seen = null;
      this.#onFailure(result);
    } else {
      this.#failure = null;
      this.#seen = result;
    }
  }
}

/** Height of a pixel for a width of 1. */
function pixelAspect({ pixel_aspect }: Recipe): number {
  const ratio = pixel_aspect.vertical / pixel_aspect.horizontal;
  return Number.isFinite(ratio) && ratio > 0 ? ratio : 1;
}
