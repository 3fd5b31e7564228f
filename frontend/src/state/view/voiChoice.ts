import {
  CT_PRESETS,
  hasCtPresets,
  presetNamed,
  presetWindow,
  type CtPresetName,
} from '../../dicom/ctPresets';
import { defaultVoi, fullDynamicVoi, percentileVoi } from '../../dicom/defaultVoi';
import { visibleText } from '../../dicom/format';
import type { DisplayRecipe, Voi, VoiWindow } from '../../dicom/recipe';
import { isMonochrome, type StoredFrame } from '../../dicom/storedFrame';
import { voiDetail, voiText } from './cornerText';

/** What somebody wants to see grey: it stays from frame to frame. */
export type VoiChoice =
  /** As the file has it, or as its values suggest. */
  | { kind: 'default' }
  /** A window or LUT of the file, counted from 0. */
  | { kind: 'file'; index: number }
  /** From the least to the greatest value of each frame. */
  | { kind: 'full' }
  /** From the 1st to the 99th percentile of each frame. */
  | { kind: 'percentile' }
  /** A window for Hounsfield units. */
  | { kind: 'preset'; name: CtPresetName }
  /** A window made by hand, in a unit; without one it is for any. */
  | { kind: 'custom'; window: VoiWindow; unit?: string };

export const DEFAULT_VOI: VoiChoice = { kind: 'default' };

/** Where a window comes from, as the heading of its part of the list. */
type VoiGroup = 'Of the file' | 'Measured' | 'CT presets' | 'By hand';

/** One line of the list of windows. */
export interface VoiOption {
  group: VoiGroup;
  /** Names the choice in the page. */
  key: string;
  label: string;
  choice: VoiChoice;
}

/** What a choice means for a frame; null for colour. */
export function resolveVoi(
  choice: VoiChoice,
  stored: StoredFrame,
  recipe: DisplayRecipe,
): Voi | null {
  if (!isMonochrome(stored)) return null;
  if (!isFor(choice, recipe)) return defaultVoi(stored, recipe);
  switch (choice.kind) {
    case 'custom':
      return choice.window;
    case 'preset':
      return presetWindow(presetNamed(choice.name));
    case 'full':
      return fullDynamicVoi(stored, recipe);
    case 'percentile':
      return percentileVoi(stored, recipe);
    case 'file':
      return recipe.voi[choice.index] ?? defaultVoi(stored, recipe);
    case 'default':
      return defaultVoi(stored, recipe);
  }
}

/** All that a frame offers. */
export function voiOptions(recipe: DisplayRecipe, choice: VoiChoice): VoiOption[] {
  const options = recipe.voi.map((voi, index): VoiOption => ({
    group: 'Of the file',
    key: `file-${String(index)}`,
    label: optionLabel(voi),
    choice: index === 0 ? DEFAULT_VOI : { kind: 'file', index },
  }));
  const hasWindows = options.length > 0;
  options.push(
    {
      group: 'Measured',
      key: hasWindows ? 'percentile' : 'file-0',
      label: '1st to 99th percentile',
      choice: hasWindows ? { kind: 'percentile' } : DEFAULT_VOI,
    },
    {
      group: 'Measured',
      key: 'full',
      label: 'Full dynamic range',
      choice: { kind: 'full' },
    },
  );
  if (hasCtPresets(recipe.unit)) options.push(...PRESET_OPTIONS);
  if (choice.kind === 'custom' && isFor(choice, recipe)) {
    options.push({ group: 'By hand', key: 'custom', label: voiText(choice.window), choice });
  }
  return options;
}

const PRESET_OPTIONS = CT_PRESETS.map(({ name, label, center, width }): VoiOption => ({
  group: 'CT presets',
  key: name,
  label: `${label}: C ${String(center)}  W ${String(width)}`,
  choice: { kind: 'preset', name },
}));

/** The key of the option that a choice means. */
export function optionKey(choice: VoiChoice, recipe: DisplayRecipe): string {
  if (!isFor(choice, recipe)) return 'file-0';
  switch (choice.kind) {
    case 'full':
      return 'full';
    case 'percentile':
      return recipe.voi.length > 0 ? 'percentile' : 'file-0';
    case 'preset':
      return choice.name;
    case 'custom':
      return 'custom';
    case 'file':
      return `file-${String(choice.index)}`;
    case 'default':
      return 'file-0';
  }
}

/** Whether a choice means something for a frame; what does not gives way to the choice of the file. */
function isFor(choice: VoiChoice, { unit, voi }: DisplayRecipe): boolean {
  switch (choice.kind) {
    case 'preset':
      return hasCtPresets(unit);
    case 'custom':
      // The same numbers in another unit are another thing.
      return choice.unit === undefined || choice.unit === unit;
    case 'file':
      // Frames of one stack may differ in what they offer.
      return choice.index < voi.length;
    default:
      return true;
  }
}

/** The choice as query of a display frame; the recipe is for those where it is known. */
export function voiQuery(choice: VoiChoice, recipe?: DisplayRecipe): Record<string, string> {
  if (recipe !== undefined && !isFor(choice, recipe)) return {};
  switch (choice.kind) {
    case 'custom':
      return windowQuery(choice.window);
    case 'preset':
      return windowQuery(presetWindow(presetNamed(choice.name)));
    case 'full':
      return { mode: 'full_dynamic' };
    case 'percentile':
      return { mode: 'percentile' };
    case 'file':
      return { voi: String(choice.index) };
    case 'default':
      return {};
  }
}

function windowQuery({ center, width, function: read }: VoiWindow): Record<string, string> {
  return { wc: String(center), ww: String(width), function: read };
}

/** `BONE: C 300  W 1500`; a table by its explanation. */
function optionLabel(voi: Voi): string {
  const explanation = visibleText(voi.explanation);
  if (voi.kind === 'lut') return explanation ? `${explanation} (lookup table)` : 'Lookup table';
  const window =
    voi.function === 'LINEAR'
      ? voiText(voi)
      : `${voiText(voi)}, ${voiDetail({ ...voi, explanation: '' })}`;
  return explanation ? `${explanation}: ${window}` : window;
}

/** Options under the headings of their groups, in the order in which they come. */
export function optionGroups(options: readonly VoiOption[]): [VoiGroup, VoiOption[]][] {
  const groups = new Map<VoiGroup, VoiOption[]>();
  for (const option of options) {
    groups.set(option.group, [...(groups.get(option.group) ?? []), option]);
  }
  return [...groups];
}
