import { CT_PRESETS } from '../../dicom/ctPresets';
import type { PresetCommand } from '../../interaction/keymap';
import type { Session } from '../session';

type Action = (session: Session) => void;

/** What the commands of window and colours do. */
export const WINDOW_COMMANDS = {
  invert: ({ viewer }) => viewer.windowing.invert(),
  'next-voi': ({ viewer }) => viewer.windowing.next(),
  'full-dynamic': ({ viewer }) => viewer.windowing.toggleFullDynamic(),
  percentile: ({ viewer }) => viewer.windowing.togglePercentile(),
  'next-color-map': ({ viewer }) => viewer.windowing.nextColorMap(),
  'toggle-legend': ({ viewer: { windowing } }) =>
    (windowing.isLegendWanted = !windowing.isLegendWanted),
  'window-menu': ({ layout }) => layout.toggleMenu('window-menu'),
} as const satisfies Record<string, Action>;

/** What the commands of presets do. */
export const PRESET_COMMANDS = Object.fromEntries(
  CT_PRESETS.map(({ name }): [PresetCommand, Action] => [
    `preset-${name}`,
    ({ viewer }) => viewer.windowing.showPreset(name),
  ]),
) as Record<PresetCommand, Action>;
