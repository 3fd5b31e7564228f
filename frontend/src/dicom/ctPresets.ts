import type { VoiWindow } from './recipe';

/** A window of radiologists' everyday use, in Hounsfield units. */
interface CtPreset {
  name: string;
  label: string;
  center: number;
  width: number;
}

/** In the order of the number keys. */
export const CT_PRESETS = [
  { name: 'brain', label: 'Brain', center: 40, width: 80 },
  { name: 'subdural', label: 'Subdural', center: 80, width: 200 },
  { name: 'stroke', label: 'Stroke', center: 40, width: 40 },
  { name: 'bone', label: 'Bone', center: 400, width: 1800 },
  { name: 'lung', label: 'Lung', center: -600, width: 1500 },
  { name: 'abdomen', label: 'Abdomen', center: 50, width: 400 },
  { name: 'mediastinum', label: 'Mediastinum', center: 50, width: 350 },
  { name: 'liver', label: 'Liver', center: 30, width: 150 },
] as const satisfies readonly CtPreset[];

export type CtPresetName = (typeof CT_PRESETS)[number]['name'];

/** The window of a preset. */
export function presetWindow({ label, center, width }: CtPreset): VoiWindow {
  return { kind: 'window', center, width, function: 'LINEAR', explanation: label };
}

/** Whether presets mean something: values in Hounsfield units. */
export function hasCtPresets(unit: string): boolean {
  return unit === 'HU';
}

export function presetNamed(name: CtPresetName): CtPreset {
  return CT_PRESETS.find((preset) => preset.name === name) ?? CT_PRESETS[0];
}
