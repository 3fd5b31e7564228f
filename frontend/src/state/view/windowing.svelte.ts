import { COLOR_MAPS, colorMapTable, nextColorMap, type ColorMapName } from '../../dicom/colorMaps';
import { hasCtPresets, type CtPresetName } from '../../dicom/ctPresets';
import { displayRange } from '../../dicom/displayRange';
import type { DisplayRecipe, Voi, VoiFunction, VoiWindow } from '../../dicom/recipe';
import type { StoredFrame } from '../../dicom/storedFrame';
import { explicitWindow, windowBetween } from '../../dicom/voi';
import { dragWindow } from '../../dicom/windowDrag';
import type { ColorTable } from '../../render/picture';
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

/** Which values are seen in which shade or colour, from frame to frame. */
export class Windowing {
  readonly #frame: () => Windowed | null;
  #dragStart: VoiWindow | null = null;

  choice = $state.raw<VoiChoice>(DEFAULT_VOI);
  isInverted = $state(false);
  colorMap = $state<ColorMapName>('grey');
  /** The legend is shown beside shades of grey, too. */
  isLegendWanted = $state(false);

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
  /** Unit of the values that are windowed; empty where the file does not say. */
  readonly unit: string = $derived.by(() => this.#frame()?.recipe.unit ?? '');

  constructor(frame: () => Windowed | null) {
    this.#frame = frame;
  }

  /** Colours of the display values; null for shades of grey. */
  get colors(): ColorTable {
    return this.colorMap === 'grey' ? null : colorMapTable(this.colorMap);
  }

  /** Name of the colour map; empty for shades of grey. */
  get colorMapLabel(): string {
    const map = COLOR_MAPS.find(({ name }) => name === this.colorMap);
    return this.colorMap === 'grey' || map === undefined ? '' : map.label;
  }

  get isLegendShown(): boolean {
    return this.voi !== null && (this.isLegendWanted || this.colorMap !== 'grey');
  }

  /** The window that is on; of a LUT, which has none, the one over its input. */
  get window(): VoiWindow | null {
    const { voi } = this;
    if (voi === null || voi.kind === 'window') return voi;
    const { low, high } = displayRange(voi);
    return windowBetween(low, high);
  }

  /** Shows a window that was made for the values of this frame, and for others in their unit. */
  show(window: VoiWindow): void {
    this.choice = { kind: 'custom', window, unit: this.unit };
  }

  /** Shows a window that was typed; numbers that are none change nothing, and it says so. */
  type(center: number, width: number, read: VoiFunction): boolean {
    if (!Number.isFinite(center) || !Number.isFinite(width) || width <= 0) return false;
    this.show(explicitWindow(center, width, read));
    return true;
  }

  /** Shows a preset; values in other units have none. For a frame on its way it is kept in mind. */
  showPreset(name: CtPresetName): void {
    if (this.#frame() === null || hasCtPresets(this.unit)) this.choice = { kind: 'preset', name };
  }

  /** Follows a drag; distances in CSS pixels are from where it began. */
  drag(dx: number, dy: number, isStart: boolean): void {
    if (isStart) this.#dragStart = this.window;
    if (this.#dragStart === null) return;
    this.show(dragWindow(this.#dragStart, dx, dy));
  }

  /** The next window of the file; after the last, and from any other, comes the first. */
  next(): void {
    const ofFile = this.options.filter(({ key }) => key.startsWith('file-'));
    const here = ofFile.findIndex(({ key }) => key === this.key);
    const next = ofFile[(here + 1) % ofFile.length];
    if (next !== undefined) this.choice = next.choice;
  }

  /** The whole range of values, or the choice of the file again. */
  toggleFullDynamic(): void {
    this.choice = this.choice.kind === 'full' ? DEFAULT_VOI : { kind: 'full' };
  }

  /** From the 1st to the 99th percentile, or the choice of the file again. */
  togglePercentile(): void {
    this.choice = this.choice.kind === 'percentile' ? DEFAULT_VOI : { kind: 'percentile' };
  }

  invert(): void {
    this.isInverted = !this.isInverted;
  }

  nextColorMap(): void {
    this.colorMap = nextColorMap(this.colorMap);
  }

  /** Back to what the file says. */
  reset(): void {
    this.choice = DEFAULT_VOI;
    this.isInverted = false;
    this.colorMap = 'grey';
    this.#dragStart = null;
  }
}
