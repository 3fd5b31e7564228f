import { untrack } from 'svelte';

import type { Pane } from './pane.svelte';
import { ScrollLink, windowLike, zoomLike } from './following';
import type { Workspace } from './workspace.svelte';

/** What the other panes take over from the active one, as soon as it changes there. */
export type Link = 'scroll' | 'window' | 'zoom';

/** What was last seen of the active pane. */
interface Sighting {
  pane: Pane;
  stackKey: string;
  /** Changes whenever there is something to follow. */
  marks: readonly unknown[];
}

/** Panes that go together. Only the active one leads, so that nothing goes round in circles. */
export class Links {
  #on = $state.raw<ReadonlySet<Link>>(new Set());
  /** Lines in the other panes where the plane of the active one cuts through them. */
  hasReferenceLines = $state(false);
  readonly #sightings = new Map<Link, Sighting>();
  #scrolling = new ScrollLink();
  #panes: readonly Pane[] = [];

  isOn(link: Link): boolean {
    return this.#on.has(link);
  }

  get isAnyOn(): boolean {
    return this.#on.size > 0 || this.hasReferenceLines;
  }

  toggle(link: Link): void {
    const on = new Set(this.#on);
    if (!on.delete(link)) on.add(link);
    this.#on = on;
    this.#sightings.delete(link);
    if (link === 'scroll') this.#scrolling = new ScrollLink();
  }

  /** Lets the panes in sight follow the active one. Reads all that is followed, for an effect. */
  carry({ active, panes }: Workspace): void {
    const { scroll, windowing, framing } = active.viewer;
    // Panes that come into sight again take up what they have missed.
    if (!isSameList(panes, this.#panes)) this.#sightings.clear();
    this.#panes = panes;
    const others = panes.filter((pane) => pane !== active).map(({ viewer }) => viewer);
    const { viewer } = active;
    this.#follow('scroll', active, [scroll.ref], () => this.#scrolling.carry(viewer, others));
    this.#follow('window', active, [windowing.choice, windowing.isInverted], () => {
      for (const other of others) windowLike(viewer, other);
    });
    this.#follow('zoom', active, [framing.view], () => {
      for (const other of others) zoomLike(viewer, other);
    });
  }

  /** Follows a change; that another pane or another stack has come to lead is none. */
  #follow(link: Link, pane: Pane, marks: readonly unknown[], follow: () => void): void {
    const stackKey = pane.viewer.stack?.key ?? '';
    if (!this.isOn(link) || stackKey === '') return;
    const before = this.#sightings.get(link);
    this.#sightings.set(link, { pane, stackKey, marks });
    const isSame = before?.pane === pane && before.stackKey === stackKey;
    const hasChanged = isSame && !isSameList(marks, before.marks);
    if (before === undefined || hasChanged) untrack(follow);
  }
}

function isSameList<Item>(a: readonly Item[], b: readonly Item[]): boolean {
  return a.length === b.length && a.every((item, index) => item === b[index]);
}
