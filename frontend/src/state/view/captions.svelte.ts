import { SvelteSet } from 'svelte/reactivity';

/** Corners of a viewport that hold text. */
export const CORNERS = ['top-left', 'top-right', 'bottom-left', 'bottom-right'] as const;

export type Corner = (typeof CORNERS)[number];

/** How much is written over the images. */
export const DETAILS = ['all', 'less', 'none'] as const;

export type Detail = (typeof DETAILS)[number];

/** What is written over the images of all panes, and what of it nobody else may see. */
export class Captions {
  detail = $state<Detail>('all');
  /** Names, numbers and dates of patients are covered, for pictures of the screen. */
  isIdentityHidden = $state(false);
  readonly #hidden = new SvelteSet<Corner>();

  /** Less text, none, and all of it again. */
  next(): void {
    const next = DETAILS[(DETAILS.indexOf(this.detail) + 1) % DETAILS.length];
    this.detail = next ?? 'all';
  }

  isHidden(corner: Corner): boolean {
    return this.#hidden.has(corner);
  }

  /** Whether anything but warnings is written in a corner. */
  isShown(corner: Corner): boolean {
    return this.detail !== 'none' && !this.isHidden(corner);
  }

  toggle(corner: Corner): void {
    if (!this.#hidden.delete(corner)) this.#hidden.add(corner);
  }
}
