import type { DisplayRecipe, Voi, VoiWindow } from '../dicom/recipe';
import type { StoredFrame } from '../dicom/storedFrame';
import { windowBetween } from '../dicom/voi';
import { dragWindow } from '../dicom/windowDrag';
import {
  DEFAULT_VOI,
  optionKey,
  resolveVoi,
  voiOptions,
  type VoiChoice,
  type VoiOption,
} from './voiChoice';

/** A frame whose values are windowed. */
export interface Windowed {
  stored: StoredFrame;
  recipe: DisplayRecipe;
}

/** Which values are seen grey, from frame to frame. */
export class Windowing {
  readonly #frame: () => Windowed | null;
  #dragStart: VoiWindow | null = null;

  choice = $state.raw<VoiChoice>(DEFAULT_VOI);
  isInverted = $state(false);

  /** The window or LUT in use; null for colour. */
  readonly voi: Voi | null = $derived.by(() => {
    const frame = this.#frame();
    return frame && resolveVoi(this.choice, frame.stored, frame.recipe);
  });
  /** The windows to choose from; none for colour. */
  readonly options: readonly VoiOption[] = $derived.by(() => {
    const frame = this.#frame();
    return this.voi !== null && frame !== null ? voiOptions(frame.recipe, this.choice) : [];
  });
  /** Names the option in use. */
  readonly key: string = $derived.by(() => {
    const frame = this.#frame();
    return frame === null ? '' : optionKey(this.choice, frame.recipe);
  });

  constructor(frame: () => Windowed | null) {
    this.#frame = frame;
  }

  /** Follows a drag; distances in CSS pixels are from where it began. */
  drag(dx: number, dy: number, isStart: boolean): void {
    if (isStart) this.#dragStart = this.#currentWindow();
    if (this.#dragStart === null) return;
    this.choice = { kind: 'custom', window: dragWindow(this.#dragStart, dx, dy) };
  }

  /** The next of the windows to choose from; after the last comes the first. */
  next(): void {
    const here = this.options.findIndex(({ key }) => key === this.key);
    const next = this.options[(here + 1) % this.options.length];
    if (next !== undefined) this.choice = next.choice;
  }

  /** The whole range of values, or the choice of the file again. */
  toggleFullDynamic(): void {
    this.choice = this.choice.kind === 'full' ? DEFAULT_VOI : { kind: 'full' };
  }

  invert(): void {
    this.isInverted = !this.isInverted;
  }

  /** Back to what the file says. */
  reset(): void {
    this.choice = DEFAULT_VOI;
    this.isInverted = false;
    this.#dragStart = null;
  }

  /** The window that a drag starts from; a LUT is replaced by the window over its input. */
  #currentWindow(): VoiWindow | null {
    const { voi } = this;
    if (voi === null || voi.kind === 'window') return voi;
    return windowBetween(voi.first_mapped, voi.first_mapped + voi.entries.length - 1);
  }
}
