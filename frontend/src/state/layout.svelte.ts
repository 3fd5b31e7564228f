import type { Command } from '../interaction/keymap';

/** A panel at the right. */
export type PanelName = 'tags' | 'explanation' | 'measurements' | 'histogram';

/** Which panels are open and how wide they are, in CSS pixels. */
export class Layout {
  /** The panel at the right; there is room for one. */
  panel = $state<PanelName | null>(null);
  isSidebarOpen = $state(true);
  isHelpOpen = $state(false);
  /** The dialog that puts ROIs on other frames. */
  isFramesOpen = $state(false);
  /** The menu that is open, by the command that opens it. */
  menu = $state<Command | null>(null);
  /** The menu of the layout shows a link to what is seen. */
  isLinkShown = $state(false);
  /** Dark, as reading rooms are, until somebody asks for the other. */
  theme = $state<'dark' | 'light'>('dark');
  #sidebarWidth = $state(300);
  #panelWidth = $state(480);

  /** Opens a panel in the place of any other, or closes it. */
  toggle(panel: PanelName): void {
    this.panel = this.panel === panel ? null : panel;
  }

  toggleMenu(command: Command): void {
    this.menu = this.menu === command ? null : command;
  }

  toggleTheme(): void {
    this.theme = this.theme === 'dark' ? 'light' : 'dark';
  }

  get sidebarWidth(): number {
    return this.#sidebarWidth;
  }

  set sidebarWidth(width: number) {
    this.#sidebarWidth = within(width, 200, 560);
  }

  get panelWidth(): number {
    return this.#panelWidth;
  }

  set panelWidth(width: number) {
    this.#panelWidth = within(width, 280, 800);
  }
}

function within(width: number, least: number, most: number): number {
  return Math.min(Math.max(width, least), most);
}
