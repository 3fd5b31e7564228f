import type { Command } from '../interaction/keymap';
import { EXCHANGE_COMMANDS } from './exchange/exchangeCommands';
import { PANE_COMMANDS } from './panes/paneCommands';
import { MEASURE_COMMANDS } from './measure/measureCommands';
import { COMPARE_COMMANDS } from './rois/compareCommands';
import { LABEL_COMMANDS } from './rois/labelCommands';
import { ROI_COMMANDS } from './rois/roiCommands';
import { CAPTION_COMMANDS } from './view/captionCommands';
import type { Session } from './session';
import { TRIAGE_COMMANDS } from './triage/triageCommands';
import { PRESET_COMMANDS, WINDOW_COMMANDS } from './view/windowCommands';

/** Frames that Page Up and Page Down go. */
const PAGE_FRAMES = 10;

/** What each command does. */
export const COMMANDS: Readonly<Record<Command, (session: Session) => void>> = {
  'tool-window': ({ toolbox }) => (toolbox.tool = 'window'),
  'tool-pan': ({ toolbox }) => (toolbox.tool = 'pan'),
  'tool-zoom': ({ toolbox }) => (toolbox.tool = 'zoom'),
  'tool-scroll': ({ toolbox }) => (toolbox.tool = 'scroll'),
  ...WINDOW_COMMANDS,
  ...PRESET_COMMANDS,
  ...CAPTION_COMMANDS,
  'toggle-histogram': ({ layout }) => layout.toggle('histogram'),
  'flip-horizontal': ({ viewer }) => viewer.framing.flipHorizontally(),
  'flip-vertical': ({ viewer }) => viewer.framing.flipVertically(),
  'rotate-right': ({ viewer }) => viewer.framing.rotate(1),
  'rotate-left': ({ viewer }) => viewer.framing.rotate(-1),
  fit: ({ viewer }) => viewer.framing.fit(),
  'one-to-one': ({ viewer }) => viewer.framing.oneToOne(),
  'image-menu': ({ layout }) => layout.toggleMenu('image-menu'),
  smoothing: ({ viewer: { framing } }) => (framing.isSmooth = !framing.isSmooth),
  reset: ({ viewer }) => viewer.reset(),
  'previous-frame': ({ viewer }) => viewer.step(-1),
  'next-frame': ({ viewer }) => viewer.step(1),
  'back-ten': ({ viewer }) => viewer.step(-PAGE_FRAMES),
  'forward-ten': ({ viewer }) => viewer.step(PAGE_FRAMES),
  'first-frame': ({ viewer }) => viewer.goToPosition(0),
  'last-frame': ({ viewer }) => viewer.goToPosition(viewer.frames.length - 1),
  'previous-value': ({ viewer }) => viewer.goToValue(viewer.scroll.value - 1),
  'next-value': ({ viewer }) => viewer.goToValue(viewer.scroll.value + 1),
  'toggle-cine': ({ pane }) => pane.cine.toggle(),
  'cine-menu': ({ layout }) => layout.toggleMenu('cine-menu'),
  'previous-series': ({ navigator }) => navigator.openNeighbour(-1),
  'next-series': ({ navigator }) => navigator.openNeighbour(1),
  ...PANE_COMMANDS,
  'toggle-overlays': ({ overlays }) => (overlays.isShown = !overlays.isShown),
  'toggle-shutter': ({ overlays }) => (overlays.isShutterShown = !overlays.isShutterShown),
  ...EXCHANGE_COMMANDS,
  'export-menu': ({ layout }) => layout.toggleMenu('export-menu'),
  'toggle-tags': ({ layout }) => layout.toggle('tags'),
  'toggle-explanation': ({ layout }) => layout.toggle('explanation'),
  'toggle-theme': ({ layout }) => layout.toggleTheme(),
  'toggle-help': ({ layout }) => (layout.isHelpOpen = !layout.isHelpOpen),
  'contact-sheet': (session) => session.toggleSheet(),
  'toggle-sidebar': ({ layout }) => (layout.isSidebarOpen = !layout.isSidebarOpen),
  'focus-filter': (session) => session.focusFilter(),
  ...MEASURE_COMMANDS,
  ...LABEL_COMMANDS,
  ...ROI_COMMANDS,
  ...TRIAGE_COMMANDS,
  ...COMPARE_COMMANDS,
};
