/** Which panels are open and how wide they are, in CSS pixels. */
export class Layout {
  isTagPanelOpen = $state(false);
  #sidebarWidth = $state(300);
  #tagPanelWidth = $state(480);

  get sidebarWidth(): number {
    return this.#sidebarWidth;
  }

  set sidebarWidth(width: number) {
    this.#sidebarWidth = within(width, 200, 560);
  }

  get tagPanelWidth(): number {
    return this.#tagPanelWidth;
  }

  set tagPanelWidth(width: number) {
    this.#tagPanelWidth = within(width, 280, 800);
  }
}

function within(width: number, least: number, most: number): number {
  return Math.min(Math.max(width, least), most);
}
