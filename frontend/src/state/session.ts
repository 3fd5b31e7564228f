import { createContext } from 'svelte';

import type { ApiError } from '../api/apiError';
import { Client, type ClientOptions } from '../api/client';
import type { SeriesList } from '../api/types.gen';
import { FrameStore } from '../frames/frameStore';
import type { Command } from '../interaction/keymap';
import { Connection } from './connection.svelte';
import { Details } from './details';
import { Layout } from './layout.svelte';
import { Explainer } from './explainer.svelte';
import { Navigator } from './navigator.svelte';
import { Notices } from './notices.svelte';
import { Overlays } from './overlays.svelte';
import { Skipped } from './skipped.svelte';
import { Study } from './study.svelte';
import { Tags } from './tags.svelte';
import type { TreeItem } from './treeItems';
import { Viewer } from './viewer.svelte';

/** Frames that Page Up and Page Down go. */
const PAGE_FRAMES = 10;

/** The stores of one page, put together. */
export class Session {
  readonly notices = new Notices();
  readonly layout = new Layout();
  readonly connection: Connection;
  readonly skipped: Skipped;
  readonly study: Study;
  readonly viewer: Viewer;
  readonly navigator: Navigator;
  readonly overlays: Overlays;
  readonly tags: Tags;
  readonly explainer: Explainer;
  readonly #lifetime = new AbortController();
  #focusFilter: () => void = () => undefined;
  #focusViewport: () => void = () => undefined;

  constructor(options: ClientOptions) {
    const client = new Client(options);
    const noteFailure = (failure: ApiError) => {
      this.connection.report(failure);
    };
    this.connection = new Connection(client, () => {
      this.#resume();
    });
    this.skipped = new Skipped(client, noteFailure);
    this.study = new Study(client, this.skipped);
    this.viewer = new Viewer(new FrameStore(client), noteFailure);
    this.navigator = new Navigator(this.study, new Details(client), this.viewer, noteFailure);
    this.overlays = new Overlays(client, (failure) => {
      this.notices.fail(failure);
    });
    this.tags = new Tags(client, noteFailure);
    this.explainer = new Explainer(client, noteFailure);
  }

  /** Follows the list, and opens the first series with pixels as soon as there is one. */
  async start(): Promise<void> {
    await this.study.follow((list) => {
      this.#receive(list);
    }, this.#lifetime.signal);
    if (this.study.failure !== null) this.connection.report(this.study.failure);
  }

  stop(): void {
    this.#lifetime.abort();
  }

  /** Tells how the filter field gets the focus. */
  onFocusFilter(focus: () => void): void {
    this.#focusFilter = focus;
  }

  /** Tells how the viewport gets the focus. */
  onFocusViewport(focus: () => void): void {
    this.#focusViewport = focus;
  }

  /** Opens what was chosen in the list; the arrow keys then step through its frames. */
  choose(item: TreeItem): void {
    if (item.kind === 'more') {
      this.skipped.more(item.end);
    } else if (item.kind === 'series') {
      this.navigator.open(item.row.index);
      this.#focusViewport();
    } else if (item.kind === 'part') {
      this.navigator.open(item.series.row.index, { key: item.stackKey });
      this.#focusViewport();
    }
  }

  /** Asks again for what could not be had. */
  retry(): void {
    if (this.navigator.failure !== null) this.navigator.retry();
    else this.viewer.retry();
  }

  /** Puts the keys back to the viewport, for who works with the mouse. */
  focusViewport(): void {
    this.#focusViewport();
  }

  /** Carries out what a key or a button asks for. */
  run(command: Command): void {
    const { viewer, navigator, layout, overlays } = this;
    const actions: Record<Command, () => void> = {
      'tool-window': () => (viewer.tool = 'window'),
      'tool-pan': () => (viewer.tool = 'pan'),
      'tool-zoom': () => (viewer.tool = 'zoom'),
      invert: () => viewer.invert(),
      'flip-horizontal': () => viewer.flipHorizontally(),
      'flip-vertical': () => viewer.flipVertically(),
      'rotate-right': () => viewer.rotate(1),
      'rotate-left': () => viewer.rotate(-1),
      fit: () => viewer.fit(),
      'one-to-one': () => viewer.oneToOne(),
      reset: () => viewer.resetView(),
      smoothing: () => (viewer.isSmooth = !viewer.isSmooth),
      'previous-frame': () => viewer.step(-1),
      'next-frame': () => viewer.step(1),
      'back-ten': () => viewer.step(-PAGE_FRAMES),
      'forward-ten': () => viewer.step(PAGE_FRAMES),
      'first-frame': () => viewer.goToPosition(0),
      'last-frame': () => viewer.goToPosition(viewer.frames.length - 1),
      'previous-value': () => viewer.goToValue(viewer.scroll.value - 1),
      'next-value': () => viewer.goToValue(viewer.scroll.value + 1),
      'previous-series': () => navigator.openNeighbour(-1),
      'next-series': () => navigator.openNeighbour(1),
      'next-voi': () => viewer.nextVoi(),
      'full-dynamic': () => viewer.toggleFullDynamic(),
      'toggle-overlays': () => (overlays.isShown = !overlays.isShown),
      'toggle-shutter': () => (overlays.isShutterShown = !overlays.isShutterShown),
      'toggle-tags': () => layout.toggle('tags'),
      'toggle-explanation': () => layout.toggle('explanation'),
      'focus-filter': this.#focusFilter,
    };
    actions[command]();
  }

  #receive(list: SeriesList): void {
    this.connection.meet(list.server_start_ms);
    for (const warning of list.warnings) this.notices.warn(warning);
    void this.skipped.note(list);
    this.navigator.note(list.series);
    if (this.navigator.series !== null) return;
    // An object without pixels is worth opening only when nothing better will come.
    const first =
      this.study.first({ hasImage: true }) ??
      (list.scan_complete ? this.study.first({ hasImage: false }) : null);
    if (first !== null) this.navigator.open(first.row.index);
  }

  #resume(): void {
    if (!this.study.isWhole) void this.start();
    this.navigator.resume();
    if (this.viewer.failure?.isUnreachable === true) this.viewer.retry();
    const file = this.viewer.file;
    if (this.tags.failure !== null && file !== null) void this.tags.show(file.index);
  }
}

/** The session of the page, for every component below App. */
export const [getSession, setSession] = createContext<Session>();
