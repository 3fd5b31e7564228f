import { defaultVoi, fullDynamicVoi } from '../dicom/defaultVoi';
import { visibleText } from '../dicom/format';
import type { DisplayRecipe, Voi, VoiWindow } from '../dicom/recipe';
import { isMonochrome, type StoredFrame } from '../dicom/storedFrame';
import { voiDetail, voiText } from './cornerText';

/** What somebody wants to see grey: it stays from frame to frame. */
export type VoiChoice =
  /** As the file has it, or as its values suggest. */
  | { kind: 'default' }
  /** A window or LUT of the file, counted from 0. */
  | { kind: 'file'; index: number }
  /** From the least to the greatest value of each frame. */
  | { kind: 'full' }
  /** A window made by hand. */
  | { kind: 'custom'; window: VoiWindow };

export const DEFAULT_VOI: VoiChoice = { kind: 'default' };

/** One line of the list of windows. */
export interface VoiOption {
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
  switch (choice.kind) {
    case 'custom':
      return choice.window;
    case 'full':
      return fullDynamicVoi(stored, recipe);
    case 'file':
      // Frames of one stack may differ in what they offer.
      return recipe.voi[choice.index] ?? defaultVoi(stored, recipe);
    case 'default':
      return defaultVoi(stored, recipe);
  }
}

/** All that a frame offers: what the file has, the whole range, and what was made by hand. */
export function voiOptions(recipe: DisplayRecipe, choice: VoiChoice): VoiOption[] {
  const ofFile = recipe.voi.map((voi, index): VoiOption => ({
    key: `file-${String(index)}`,
    label: optionLabel(voi),
    choice: index === 0 ? DEFAULT_VOI : { kind: 'file', index },
  }));
  const measured: VoiOption = {
    key: 'file-0',
    label: '1st to 99th percentile',
    choice: DEFAULT_VOI,
  };
  const options: VoiOption[] = ofFile.length > 0 ? ofFile : [measured];
  options.push({ key: 'full', label: 'Full dynamic range', choice: { kind: 'full' } });
  if (choice.kind === 'custom') {
    options.push({ key: 'custom', label: `By hand: ${voiText(choice.window)}`, choice });
  }
  return options;
}

/** The key of the option that a choice means. */
export function optionKey(choice: VoiChoice, recipe: DisplayRecipe): string {
  if (choice.kind === 'full' || choice.kind === 'custom') return choice.kind;
  const index = choice.kind === 'file' && choice.index < recipe.voi.length ? choice.index : 0;
  return `file-${String(index)}`;
}

/** The choice as query of a display frame. */
export function voiQuery(choice: VoiChoice): Record<string, string> {
  switch (choice.kind) {
    case 'custom':
      return { wc: String(choice.window.center), ww: String(choice.window.width) };
    case 'full':
      return { mode: 'full_dynamic' };
    case 'file':
      return { voi: String(choice.index) };
    case 'default':
      return {};
  }
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
