/** The one table of keys: it feeds the handler, the toolbar's tooltips and the names for assistive tools. */

export type Command =
  | 'tool-window'
  | 'tool-pan'
  | 'tool-zoom'
  | 'tool-scroll'
  | 'invert'
  | 'flip-horizontal'
  | 'flip-vertical'
  | 'rotate-right'
  | 'rotate-left'
  | 'fit'
  | 'one-to-one'
  | 'reset'
  | 'smoothing'
  | 'next-voi'
  | 'full-dynamic'
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
  | 'previous-series'
  | 'next-series'
  | 'toggle-tags'
  | 'toggle-explanation'
  | 'focus-filter';

export interface Binding {
  command: Command;
  name: string;
  /** Values of KeyboardEvent.key, letters in lower case; a leading `Shift+` asks for that key. */
  keys: readonly string[];
}

export const KEYMAP: readonly Binding[] = [
  { command: 'tool-window', name: 'Window and level', keys: ['w'] },
  { command: 'tool-pan', name: 'Pan', keys: ['p'] },
  { command: 'tool-zoom', name: 'Zoom', keys: ['z'] },
  { command: 'tool-scroll', name: 'Scroll', keys: ['s'] },
  { command: 'fit', name: 'Fit to viewport', keys: ['f'] },
  { command: 'one-to-one', name: 'One to one (1:1)', keys: ['Shift+f'] },
  { command: 'invert', name: 'Invert', keys: ['i'] },
  { command: 'flip-horizontal', name: 'Flip left to right', keys: ['h'] },
  { command: 'flip-vertical', name: 'Flip top to bottom', keys: ['v'] },
  { command: 'rotate-left', name: 'Rotate left', keys: ['Shift+l'] },
  { command: 'rotate-right', name: 'Rotate right', keys: ['Shift+r'] },
  { command: 'smoothing', name: 'Smooth pixels', keys: ['Shift+s'] },
  { command: 'next-voi', name: 'Next window of the file', keys: ['n'] },
  { command: 'full-dynamic', name: 'Full dynamic range', keys: ['x'] },
  { command: 'toggle-overlays', name: 'Overlays', keys: ['o'] },
  { command: 'toggle-shutter', name: 'Display shutter', keys: ['d'] },
  { command: 'reset', name: 'Reset view and window', keys: ['0'] },
  { command: 'previous-frame', name: 'Previous frame', keys: ['ArrowLeft', '['] },
  { command: 'next-frame', name: 'Next frame', keys: ['ArrowRight', ']'] },
  { command: 'back-ten', name: 'Ten frames back', keys: ['PageUp'] },
  { command: 'forward-ten', name: 'Ten frames on', keys: ['PageDown'] },
  { command: 'first-frame', name: 'First frame', keys: ['Home'] },
  { command: 'last-frame', name: 'Last frame', keys: ['End'] },
  { command: 'previous-value', name: 'Previous value', keys: [','] },
  { command: 'next-value', name: 'Next value', keys: ['.'] },
  { command: 'previous-series', name: 'Previous series', keys: ['ArrowUp'] },
  { command: 'next-series', name: 'Next series', keys: ['ArrowDown'] },
  { command: 'toggle-tags', name: 'DICOM tags', keys: ['t'] },
  { command: 'toggle-explanation', name: 'Why does it look like this', keys: ['e'] },
  { command: 'focus-filter', name: 'Filter the list', keys: ['/'] },
];

const COMMANDS = new Map(
  KEYMAP.flatMap(({ command, keys }) => keys.map((key) => [key, command] as const)),
);

const BINDINGS = new Map(KEYMAP.map((binding) => [binding.command, binding]));

/** What this needs of a KeyboardEvent. */
export interface KeyPress {
  key: string;
  shiftKey: boolean;
  ctrlKey: boolean;
  altKey: boolean;
  metaKey: boolean;
  getModifierState(name: string): boolean;
}

/** The command of a key press; null for keys of the browser and of nobody. */
export function commandFor(press: KeyPress): Command | null {
  // AltGr, which types [ and ] on many keyboards, reports itself as Ctrl and Alt.
  const isChord = (press.ctrlKey || press.altKey) && !press.getModifierState('AltGraph');
  if (isChord || press.metaKey) return null;
  const isLetter = /^\p{L}$/u.test(press.key);
  const key = isLetter ? press.key.toLowerCase() : press.key;
  return COMMANDS.get(isLetter && press.shiftKey ? `Shift+${key}` : key) ?? null;
}

export function bindingOf(command: Command): Binding {
  const binding = BINDINGS.get(command);
  if (binding === undefined) throw new Error(`no key for ${command}`);
  return binding;
}

/** The first key of a command as it stands on a keyboard. */
export function keyLabel(command: Command): string {
  const [key = ''] = bindingOf(command).keys;
  return key
    .split('+')
    .map((part) => (part.length === 1 ? part.toUpperCase() : part))
    .join('+');
}

type FocusedKind = 'text' | 'range' | 'other';

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

/** Whether the focused control keeps a key for itself: typing in fields, moving a slider. */
export function keepsKey(focused: FocusedKind, key: string): boolean {
  if (focused === 'text') return true;
  return focused === 'range' && RANGE_KEYS.includes(key);
}

/** What the focused element does with keys. */
export function focusedKind(element: { tagName: string; type?: string }): FocusedKind {
  if (element.tagName === 'INPUT') return element.type === 'range' ? 'range' : 'text';
  return element.tagName === 'TEXTAREA' || element.tagName === 'SELECT' ? 'text' : 'other';
}
