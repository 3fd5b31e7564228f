/** The one table of keys: it feeds the handler, the tooltips, the help sheet and the names for assistive tools. */

import { CT_PRESETS, type CtPresetName } from '../dicom/ctPresets';

export type Command =
  | 'tool-window'
  | 'tool-pan'
  | 'tool-zoom'
  | 'tool-scroll'
  | 'tool-region'
  | 'tool-measure'
  | 'shape-menu'
  | 'invert'
  | 'flip-horizontal'
  | 'flip-vertical'
  | 'rotate-right'
  | 'rotate-left'
  | 'fit'
  | 'one-to-one'
  | 'reset'
  | 'smoothing'
  | 'image-menu'
  | 'next-voi'
  | 'full-dynamic'
  | 'percentile'
  | PresetCommand
  | 'next-color-map'
  | 'toggle-legend'
  | 'window-menu'
  | 'caption-menu'
  | 'next-captions'
  | 'hide-identity'
  | 'toggle-histogram'
  | 'layout-menu'
  | 'maximize'
  | 'link-scroll'
  | 'link-window'
  | 'link-zoom'
  | 'reference-lines'
  | 'new-tab'
  | 'copy-link'
  | 'toggle-overlays'
  | 'toggle-shutter'
  | 'previous-frame'
  | 'next-frame'
  | 'back-ten'
  | 'forward-ten'
  | 'first-frame'
  | 'last-frame'
  | 'previous-value'
  | 'next-value'
  | 'toggle-cine'
  | 'cine-menu'
  | 'previous-series'
  | 'next-series'
  | 'roi-menu'
  | 'import-rois'
  | 'export-menu'
  | 'toggle-tags'
  | 'toggle-explanation'
  | 'toggle-measurements'
  | 'contact-sheet'
  | 'toggle-sidebar'
  | 'focus-filter'
  | 'toggle-triage'
  | 'mark-keep'
  | 'mark-reject'
  | 'mark-unsure'
  | 'clear-mark'
  | 'take-back-mark'
  | 'next-unmarked'
  | 'previous-unmarked'
  | 'triage-note'
  | 'triage-scope'
  | 'triage-menu'
  | 'toggle-theme'
  | 'toggle-help'
  | 'undo'
  | 'redo'
  | 'select-all'
  | 'next-roi'
  | 'previous-roi'
  | 'duplicate-rois'
  | 'copy-rois'
  | 'cut-rois'
  | 'paste-rois'
  | 'roi-frames'
  | 'this-frame-only'
  | 'all-frames'
  | 'finish-shape'
  | 'take-back-point'
  | 'cancel-shape'
  | 'delete-shape'
  | 'let-go'
  | 'window-from-region'
  | LabelCommand
  | 'no-label'
  | 'accept'
  | 'next-disagreement'
  | 'previous-disagreement'
  | 'nudge-left'
  | 'nudge-right'
  | 'nudge-up'
  | 'nudge-down'
  | 'nudge-left-far'
  | 'nudge-right-far'
  | 'nudge-up-far'
  | 'nudge-down-far';

/** The parts of the help sheet. */
export type Section =
  | 'Tools'
  | 'Window'
  | 'Image'
  | 'Frames and series'
  | 'Panes'
  | 'Panels and page'
  | 'ROIs and measurements'
  | 'While triage is on'
  | 'While a shape is drawn'
  | 'While something is selected'
  | 'Labels, while something is selected or drawn';

/** The labels that have a key, from 1. */
export const LABEL_KEYS = [1, 2, 3, 4, 5, 6, 7, 8, 9] as const;

export type LabelCommand = `label-${(typeof LABEL_KEYS)[number]}`;

/** A CT preset by its name. */
export type PresetCommand = `preset-${CtPresetName}`;

/** When a key means something else than usual. */
export type KeyContext = 'drawing' | 'selection' | 'tool' | 'triage';

export interface Binding {
  command: Command;
  section: Section;
  name: string;
  /**
   * Values of KeyboardEvent.key, letters in lower case; a leading `Shift+` asks for that key, a
   * leading `Ctrl+` for Ctrl or, on a Mac, Cmd.
   */
  keys: readonly string[];
  /** Only in one of these, and then before what the key means otherwise. */
  contexts?: readonly KeyContext[];
  /** Once a press, however long the key is held. */
  isOnce?: boolean;
}

export const KEYMAP: readonly Binding[] = [
  { command: 'tool-window', section: 'Tools', name: 'Window and level', keys: ['w'] },
  { command: 'tool-pan', section: 'Tools', name: 'Pan', keys: ['p'] },
  { command: 'tool-zoom', section: 'Tools', name: 'Zoom', keys: ['z'] },
  { command: 'tool-scroll', section: 'Tools', name: 'Scroll', keys: ['s'] },
  { command: 'tool-region', section: 'Tools', name: 'Region', keys: ['r'] },
  { command: 'tool-measure', section: 'Tools', name: 'Measure', keys: ['m'] },
  { command: 'shape-menu', section: 'Tools', name: 'What to draw', keys: ['Shift+t'] },
  { command: 'invert', section: 'Window', name: 'Invert', keys: ['i'] },
  { command: 'next-voi', section: 'Window', name: 'Next window of the file', keys: ['n'] },
  { command: 'full-dynamic', section: 'Window', name: 'Full dynamic range', keys: ['x'] },
  { command: 'percentile', section: 'Window', name: '1st to 99th percentile', keys: ['a'] },
  ...CT_PRESETS.map(({ name, label }, index): Binding => ({
    command: `preset-${name}`,
    section: 'Window',
    name: `${label} window (CT)`,
    keys: [String(index + 1)],
  })),
  { command: 'next-color-map', section: 'Window', name: 'Next colour map', keys: ['c'] },
  { command: 'toggle-legend', section: 'Window', name: 'Legend of the window', keys: ['Shift+i'] },
  { command: 'window-menu', section: 'Window', name: 'Window and colours', keys: ['Shift+x'] },
  { command: 'fit', section: 'Image', name: 'Fit to viewport', keys: ['f'] },
  { command: 'one-to-one', section: 'Image', name: '1:1, pixel by pixel', keys: ['Shift+f'] },
  { command: 'flip-horizontal', section: 'Image', name: 'Flip left to right', keys: ['h'] },
  { command: 'flip-vertical', section: 'Image', name: 'Flip top to bottom', keys: ['v'] },
  { command: 'rotate-left', section: 'Image', name: 'Rotate left', keys: ['Shift+l'] },
  { command: 'rotate-right', section: 'Image', name: 'Rotate right', keys: ['Shift+r'] },
  { command: 'image-menu', section: 'Image', name: 'Turn and smooth', keys: ['Shift+v'] },
  { command: 'smoothing', section: 'Image', name: 'Smooth pixels', keys: ['Shift+s'] },
  { command: 'toggle-overlays', section: 'Image', name: 'Overlays', keys: ['o'] },
  { command: 'toggle-shutter', section: 'Image', name: 'Display shutter', keys: ['d'] },
  { command: 'next-captions', section: 'Image', name: 'Text: all, less, none', keys: ['k'] },
  { command: 'hide-identity', section: 'Image', name: 'Hide identity', keys: ['Shift+k'] },
  { command: 'caption-menu', section: 'Image', name: 'Text over the image', keys: ['Shift+o'] },
  { command: 'reset', section: 'Image', name: 'Reset view and window', keys: ['0'] },
  {
    command: 'previous-frame',
    section: 'Frames and series',
    name: 'Previous frame',
    keys: ['ArrowLeft', '['],
  },
  {
    command: 'next-frame',
    section: 'Frames and series',
    name: 'Next frame',
    keys: ['ArrowRight', ']'],
  },
  { command: 'back-ten', section: 'Frames and series', name: 'Ten frames back', keys: ['PageUp'] },
  {
    command: 'forward-ten',
    section: 'Frames and series',
    name: 'Ten frames on',
    keys: ['PageDown'],
  },
  { command: 'first-frame', section: 'Frames and series', name: 'First frame', keys: ['Home'] },
  { command: 'last-frame', section: 'Frames and series', name: 'Last frame', keys: ['End'] },
  { command: 'previous-value', section: 'Frames and series', name: 'Previous value', keys: [','] },
  { command: 'next-value', section: 'Frames and series', name: 'Next value', keys: ['.'] },
  { command: 'toggle-cine', section: 'Frames and series', name: 'Play or stop', keys: [' '] },
  {
    command: 'cine-menu',
    section: 'Frames and series',
    name: 'Cine settings',
    keys: ['Shift+p'],
  },
  {
    command: 'previous-series',
    section: 'Frames and series',
    name: 'Previous series',
    keys: ['ArrowUp'],
  },
  {
    command: 'next-series',
    section: 'Frames and series',
    name: 'Next series',
    keys: ['ArrowDown'],
  },
  { command: 'layout-menu', section: 'Panes', name: 'Layout', keys: ['j'] },
  { command: 'maximize', section: 'Panes', name: 'Active pane alone', keys: ['Enter'] },
  { command: 'link-scroll', section: 'Panes', name: 'Link scrolling', keys: ['l'] },
  { command: 'link-window', section: 'Panes', name: 'Link window', keys: ['Shift+w'] },
  { command: 'link-zoom', section: 'Panes', name: 'Link zoom', keys: ['Shift+z'] },
  { command: 'reference-lines', section: 'Panes', name: 'Reference lines', keys: ['y'] },
  { command: 'new-tab', section: 'Panes', name: 'New tab', keys: ['Shift+n'] },
  { command: 'copy-link', section: 'Panes', name: 'Copy link', keys: ['Shift+u'] },
  {
    command: 'roi-menu',
    section: 'Panels and page',
    name: 'Export ROIs or import',
    keys: ['Shift+b'],
  },
  {
    command: 'import-rois',
    section: 'Panels and page',
    name: 'Import ROIs from files',
    keys: ['Shift+g'],
  },
  {
    command: 'export-menu',
    section: 'Panels and page',
    name: 'Save or copy the picture',
    keys: ['Shift+e'],
  },
  { command: 'toggle-tags', section: 'Panels and page', name: 'DICOM tags', keys: ['t'] },
  {
    command: 'toggle-explanation',
    section: 'Panels and page',
    name: 'Why does it look like this',
    keys: ['e'],
  },
  {
    command: 'toggle-measurements',
    section: 'Panels and page',
    name: 'ROIs and measurements',
    keys: ['Shift+m'],
  },
  { command: 'contact-sheet', section: 'Panels and page', name: 'Contact sheet', keys: ['g'] },
  {
    command: 'toggle-sidebar',
    section: 'Panels and page',
    name: 'Show or hide the list',
    keys: ['b'],
  },
  { command: 'toggle-histogram', section: 'Panels and page', name: 'Histogram', keys: ['u'] },
  { command: 'focus-filter', section: 'Panels and page', name: 'Filter the list', keys: ['/'] },
  { command: 'toggle-theme', section: 'Panels and page', name: 'Light or dark', keys: ['Shift+d'] },
  { command: 'toggle-help', section: 'Panels and page', name: 'Keys and mouse', keys: ['?'] },
  { command: 'toggle-triage', section: 'Panels and page', name: 'Triage', keys: ['q'] },
  ...within(['triage'], 'While triage is on', [
    { command: 'mark-keep', name: 'Keep', keys: ['k'], isOnce: true },
    { command: 'mark-reject', name: 'Reject', keys: ['j'], isOnce: true },
    { command: 'mark-unsure', name: 'Unsure', keys: ['u'], isOnce: true },
    { command: 'clear-mark', name: 'No mark', keys: ['Shift+j'], isOnce: true },
    { command: 'take-back-mark', name: 'Take back the last mark', keys: ['Shift+q'], isOnce: true },
    { command: 'next-unmarked', name: 'Next without a mark', keys: ['Shift+ArrowDown'] },
    { command: 'previous-unmarked', name: 'Previous without a mark', keys: ['Shift+ArrowUp'] },
    { command: 'triage-note', name: 'Note', keys: ['Shift+c'] },
    { command: 'triage-scope', name: 'Mark series or single files', keys: ['Shift+h'] },
    { command: 'triage-menu', name: 'Marks as a table', keys: ['Shift+y'] },
  ]),
  { command: 'undo', section: 'ROIs and measurements', name: 'Undo', keys: ['Ctrl+z'] },
  {
    command: 'redo',
    section: 'ROIs and measurements',
    name: 'Redo',
    keys: ['Ctrl+Shift+z', 'Ctrl+y'],
  },
  {
    command: 'next-roi',
    section: 'ROIs and measurements',
    name: 'Select the next, on any frame',
    keys: ['}'],
  },
  {
    command: 'previous-roi',
    section: 'ROIs and measurements',
    name: 'Select the one before',
    keys: ['{'],
  },
  {
    command: 'select-all',
    section: 'ROIs and measurements',
    name: 'Select all on the frame',
    keys: ['Ctrl+a'],
  },
  { command: 'paste-rois', section: 'ROIs and measurements', name: 'Paste', keys: ['Ctrl+v'] },
  {
    command: 'next-disagreement',
    section: 'ROIs and measurements',
    name: 'Next disagreement of predictions and truth',
    keys: [';'],
  },
  {
    command: 'previous-disagreement',
    section: 'ROIs and measurements',
    name: 'Previous disagreement',
    keys: [':'],
  },
  ...within(['drawing'], 'While a shape is drawn', [
    { command: 'finish-shape', name: 'End the outline', keys: ['Enter'] },
    {
      command: 'take-back-point',
      name: 'Take back a point',
      keys: ['Backspace', 'Delete', 'Ctrl+z'],
    },
    { command: 'cancel-shape', name: 'Give up', keys: ['Escape'] },
  ]),
  ...within(['selection'], 'While something is selected', [
    { command: 'nudge-left', name: 'Nudge left', keys: ['ArrowLeft'] },
    { command: 'nudge-right', name: 'Nudge right', keys: ['ArrowRight'] },
    { command: 'nudge-up', name: 'Nudge up', keys: ['ArrowUp'] },
    { command: 'nudge-down', name: 'Nudge down', keys: ['ArrowDown'] },
    { command: 'nudge-left-far', name: 'Ten pixels left', keys: ['Shift+ArrowLeft'] },
    { command: 'nudge-right-far', name: 'Ten pixels right', keys: ['Shift+ArrowRight'] },
    { command: 'nudge-up-far', name: 'Ten pixels up', keys: ['Shift+ArrowUp'] },
    { command: 'nudge-down-far', name: 'Ten pixels down', keys: ['Shift+ArrowDown'] },
    { command: 'window-from-region', name: 'Window from the region', keys: ['Shift+a'] },
    { command: 'delete-shape', name: 'Delete', keys: ['Delete', 'Backspace'] },
    { command: 'accept', name: 'Copy into my layer', keys: ['Shift+y'] },
    { command: 'copy-rois', name: 'Copy', keys: ['Ctrl+c'] },
    { command: 'cut-rois', name: 'Cut', keys: ['Ctrl+x'] },
    { command: 'duplicate-rois', name: 'Duplicate', keys: ['Ctrl+d'] },
    { command: 'roi-frames', name: 'Put on other frames', keys: ['Shift+c'] },
    { command: 'this-frame-only', name: 'On this frame only', keys: ['<'] },
    { command: 'all-frames', name: 'On all frames of the file', keys: ['>'] },
    { command: 'let-go', name: 'Let go', keys: ['Escape'] },
  ]),
  ...within(['selection', 'tool'], 'Labels, while something is selected or drawn', [
    ...LABEL_KEYS.map((digit) => ({
      command: `label-${digit}` as const,
      name: `Label ${String(digit)} of the list`,
      keys: [String(digit)],
    })),
    { command: 'no-label', name: 'No label', keys: ['-'] },
  ]),
];

function within(
  contexts: readonly KeyContext[],
  section: Section,
  bindings: readonly Omit<Binding, 'contexts' | 'section'>[],
): Binding[] {
  return bindings.map((binding) => ({ ...binding, contexts, section }));
}

const COMMANDS = new Map(
  KEYMAP.flatMap(({ command, keys, contexts = [null] }) =>
    contexts.flatMap((context) => keys.map((key) => [inContext(key, context), command] as const)),
  ),
);

function inContext(key: string, context: KeyContext | null): string {
  return context === null ? key : `${context}: ${key}`;
}

const BINDINGS = new Map(KEYMAP.map((binding) => [binding.command, binding]));

/** What this needs of a KeyboardEvent. */
interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  getModifierState(name: string): boolean;
}

/**
 * The command of a key press; null for keys of the browser and of nobody. What a key means in
 * one of the contexts comes before what it means otherwise, and in the first before the second.
 */
export function commandFor(press: KeyPress, contexts: readonly KeyContext[] = []): Command | null {
  const isLetter = /^\p{L}$/u.test(press.key);
  const key = isLetter ? press.key.toLowerCase() : press.key;
  // AltGr, which types [ and ] on many keyboards, reports itself as Ctrl and Alt.
  const isAltGraph = press.getModifierState('AltGraph');
  if (press.altKey && !isAltGraph) return null;
  const isChord = (press.ctrlKey && !isAltGraph) || press.metaKey;
  const whole = `${isChord ? 'Ctrl+' : ''}${press.shiftKey ? 'Shift+' : ''}${key}`;
  // Shift is a part of what makes a `?`, and of no matter to keys that are not for it.
  const names = isLetter || isChord ? [whole] : [whole, key];
  for (const where of [...contexts, null]) {
    for (const name of names) {
      const command = COMMANDS.get(inContext(name, where));
      if (command !== undefined) return command;
    }
  }
  return null;
}

/** Whether a command has a key while triage is on, and then alone. */
export function isForTriage(command: Command | null): boolean {
  return command !== null && bindingOf(command).contexts?.includes('triage') === true;
}

export function bindingOf(command: Command): Binding {
  const binding = BINDINGS.get(command);
  if (binding === undefined) throw new Error(`no key for ${command}`);
  return binding;
}

/** Keys that are not called on a keyboard what the browser calls them. */
const KEYCAPS: Readonly<Record<string, string>> = {
  ' ': 'Space',
  ArrowLeft: '←',
  ArrowRight: '→',
  ArrowUp: '↑',
  ArrowDown: '↓',
  PageUp: 'Page up',
  PageDown: 'Page down',
  Escape: 'Esc',
};

/** The first key of a command as it stands on a keyboard; empty where it means something else now. */
export function keyLabel(command: Command, contexts: readonly KeyContext[] = []): string {
  const [key = ''] = bindingOf(command).keys;
  const meanings = contexts.map((where) => COMMANDS.get(inContext(key, where)) ?? command);
  return meanings.every((meaning) => meaning === command) ? labelOfKey(key) : '';
}

/** The keys of a command as assistive tools are told of them (aria-keyshortcuts). */
export function keyShortcuts(command: Command): string {
  return bindingOf(command)
    .keys.map((key) => (key === ' ' ? 'Space' : key.replace('Ctrl', 'Control')))
    .join(' ');
}

/** A key of the table as it stands on a keyboard. */
export function labelOfKey(key: string): string {
  return key
    .split('+')
    .map((part) => KEYCAPS[part] ?? (part.length === 1 ? part.toUpperCase() : part))
    .join('+');
}

type FocusedKind = 'text' | 'range' | 'button' | 'other';

const RANGE_KEYS: readonly string[] = [
  'ArrowLeft',
  'ArrowRight',
  'ArrowUp',
  'ArrowDown',
  'Home',
  'End',
  'PageUp',
  'PageDown',
];

const BUTTON_KEYS: readonly string[] = ['Enter', ' '];

/** Whether the focused control keeps a key for itself: typing in fields, moving a slider, pressing a button. */
export function keepsKey(focused: FocusedKind, key: string): boolean {
  if (focused === 'text') return true;
  if (focused === 'button') return BUTTON_KEYS.includes(key);
  return focused === 'range' && RANGE_KEYS.includes(key);
}

/** What the focused element does with keys. */
export function focusedKind(element: { tagName: string; type?: string }): FocusedKind {
  if (element.tagName === 'INPUT') return element.type === 'range' ? 'range' : 'text';
  if (element.tagName === 'BUTTON' || element.tagName === 'A') return 'button';
  return element.tagName === 'TEXTAREA' || element.tagName === 'SELECT' ? 'text' : 'other';
}

/** What pointer and wheel do over the image. */
export const POINTER_HELP: readonly { input: string; name: string }[] = [
  { input: 'Left drag', name: 'The tool that is chosen' },
  { input: 'Shift + drag', name: 'Draw a square, a circle, an even direction' },
  { input: 'Alt + drag', name: 'Draw a box from its middle' },
  { input: 'Ctrl + drag', name: 'Select what it holds, with Shift in addition' },
  { input: 'Shift + click', name: 'Select one more, or one less' },
  { input: 'Alt + click on an edge', name: 'Put in a point; pull a freehand outline' },
  { input: 'Alt + click on a point', name: 'Take it away; a finger rests on it' },
  { input: 'Right drag', name: 'Zoom' },
  { input: 'Middle drag', name: 'Pan' },
  { input: 'Wheel', name: 'Frames' },
  { input: 'Ctrl + wheel', name: 'Zoom about the pointer' },
  { input: 'Double-click', name: 'Reset view and window; on an edge, put in a point' },
  { input: 'One finger', name: 'The tool that is chosen' },
  { input: 'Two fingers', name: 'Zoom and pan' },
  { input: 'Drag from the list', name: 'Open in a pane' },
  { input: 'Drop files', name: 'Import ROIs' },
  { input: 'Ctrl + click in the list', name: 'Open in a new tab' },
];
