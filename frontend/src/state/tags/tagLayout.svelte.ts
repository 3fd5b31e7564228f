/** What the tag panel can show. */
export type TagView = 'tags' | 'compare' | 'varies';

/** How the tag panel is laid out; widths in CSS pixels. */
export class TagLayout {
  view = $state<TagView>('tags');
  /** Whether elements are called by their keywords rather than in words. */
  isByKeyword = $state(false);
  #tagWidth = $state(98);
  #vrWidth = $state(26);
  #nameWidth = $state(170);

  get tagWidth(): number {
    return this.#tagWidth;
  }

  set tagWidth(width: number) {
    this.#tagWidth = within(width, 40, 300);
  }

  get vrWidth(): number {
    return this.#vrWidth;
  }

  set vrWidth(width: number) {
    this.#vrWidth = within(width, 22, 80);
  }

  get nameWidth(): number {
    return this.#nameWidth;
  }

  set nameWidth(width: number) {
    this.#nameWidth = within(width, 60, 500);
  }
}

function within(width: number, least: number, most: number): number {
  return Math.min(Math.max(width, least), most);
}
