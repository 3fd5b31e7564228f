import { createContext, flushSync } from 'svelte';

import type { ApiError } from '../api/apiError';
import { Client, type ClientOptions } from '../api/client';
import type { SeriesList } from '../api/types.gen';
import { isIdentifying } from '../dicom/identity';
import { FrameCache } from '../frames/frameCache';
import { ThumbnailStore } from '../frames/thumbnailStore';
import { keyLabel, type Command, type KeyContext } from '../interaction/keymap';
import { addressOf, addressText, type Address } from './panes/address';
import { Arrival } from './panes/arrival.svelte';
import { Captions } from './view/captions.svelte';
import { COMMANDS } from './commands';
import { Comparison } from './rois/comparison.svelte';
import { Connection } from './connection.svelte';
import { ContactSheet, placeOf, type SheetPlace } from './list/contactSheet.svelte';
import { DetailCache, Details } from './view/details';
import { RoiExporter } from './exchange/roiExporter.svelte';
import { RoiImporter } from './exchange/roiImporter.svelte';
import { Explainer } from './view/explainer.svelte';
import { Exporter } from './export/exporter.svelte';
import { Layout } from './layout.svelte';
import { Links } from './panes/links.svelte';
import { Results } from './measure/measurementResult';
import type { Navigator, StackChoice } from './view/navigator.svelte';
import { Notices } from './notices.svelte';
import type { Overlays } from './view/overlays.svelte';
import { Pane } from './panes/pane.svelte';
import { RoiBook } from './rois/roiBook.svelte';
import { RoiFilter } from './rois/roiFilter.svelte';
import { RoiClipboard } from './rois/roiClipboard';
import { RoiSync } from './rois/roiSync.svelte';
import { Skipped } from './list/skipped.svelte';
import { Study } from './list/study.svelte';
import { Tabs } from './panes/tabs.svelte';
import { TagCompare } from './tags/tagCompare.svelte';
import { TagLayout } from './tags/tagLayout.svelte';
import { Tags } from './tags/tags.svelte';
import { TagVaries } from './tags/tagVaries.svelte';
import { Toolbox } from './measure/toolbox.svelte';
import { isMarkedAs } from './triage/marks';
import { Triage } from './triage/triage.svelte';
import type { TreeItem } from './list/treeItems';
import type { Viewer } from './view/viewer.svelte';
import { Workspace } from './panes/workspace.svelte';

/** Warnings of the server that are said by themselves; the others are listed where ROIs come in. */
const MOST_SAID = 3;
const MORE_IS_SAID = `More was left out: see ${keyLabel('roi-menu')}, "What was left out"`;

/** Where something is opened, if not in the active pane. */
interface Where {
  inNewTab?: boolean;
}

/** The stores of one page, put together. */
export class Session {
  readonly notices = new Notices();
  readonly layout = new Layout();
  readonly toolbox = new Toolbox();
  readonly links = new Links();
  readonly rois = new RoiBook((file) => {
    this.roiSync.touch(file);
  });
  readonly roiFilter = new RoiFilter();
  readonly results = new Results();
  readonly captions = new Captions();
  readonly roiSync: RoiSync;
  readonly roiClipboard = new RoiClipboard();
  readonly comparison: Comparison;
  readonly connection: Connection;
  readonly skipped: Skipped;
  readonly study: Study;
  readonly tabs: Tabs;
  readonly triage: Triage;
  readonly tags: Tags;
  readonly tagLayout = new TagLayout();
  readonly tagCompare: TagCompare;
  readonly tagVaries: TagVaries;
  readonly explainer: Explainer;
  readonly exporter: Exporter;
  readonly roiExporter: RoiExporter;
  readonly roiImporter: RoiImporter;
  readonly thumbnails: ThumbnailStore;
  readonly sheet: ContactSheet;
  /** Hears that the server has taken edits of this page. */
  onEdited: () => void = () => undefined;
  /** The line of the list that has the focus. */
  treeFocus: TreeItem | null = null;
  readonly #arrival: Arrival;
  readonly #lifetime = new AbortController();
  #focusFilter: () => void = () => undefined;
  #copyText: (text: string) => void = () => undefined;

  constructor(options: ClientOptions) {
    const frames = new FrameCache();
    const client = new Client({
      ...options,
      onTransfer: (transfer) => {
        frames.throughput.note(transfer);
      },
    });
    const noteFailure = (failure: ApiError) => {
      this.connection.report(failure);
    };
    this.connection = new Connection(
      client,
      () => {
        this.#resume();
      },
      // The same files may be there: then no edit need be lost.
      () => {
        void this.roiSync.resume();
        void this.triage.sync.resume({ isOther: true });
      },
    );
    this.roiSync = new RoiSync(client.rois, this.rois, {
      onFailure: noteFailure,
      onProblem: (message) => {
        this.notices.warn(message);
      },
      onSent: () => this.onEdited(),
    });
    this.comparison = new Comparison(this.rois, this.roiSync);
    this.skipped = new Skipped(client, noteFailure);
    this.study = new Study(client, this.skipped, (row, word) =>
      isMarkedAs(this.triage.book.standing(row), word),
    );
    const context = {
      client,
      study: this.study,
      frames,
      details: new DetailCache(),
      toolbox: this.toolbox,
      rois: this.rois,
      comparison: this.comparison,
      results: this.results,
      onFailure: noteFailure,
      onProblem: (failure: ApiError) => {
        this.notices.fail(failure);
      },
    };
    this.tabs = new Tabs(() => new Workspace(() => new Pane(context)));
    this.#arrival = new Arrival(client, this.study, (failure) => {
      if (failure.isUnreachable) noteFailure(failure);
      else this.notices.fail(failure);
    });
    const isCovered = (element: { tag: string; vr: string }) =>
      this.captions.isIdentityHidden && isIdentifying(element);
    this.tags = new Tags(client, noteFailure, isCovered);
    this.tagCompare = new TagCompare(client, noteFailure, isCovered);
    this.tagVaries = new TagVaries(client, noteFailure, isCovered);
    this.explainer = new Explainer(client, noteFailure);
    this.exporter = new Exporter(this.study, (failure) => this.notices.fail(failure));
    this.roiExporter = new RoiExporter(client.roiFiles, noteFailure, () => {
      void this.roiSync.refresh();
    });
    this.roiImporter = new RoiImporter(client.roiFiles, noteFailure, () => {
      void this.roiSync.refresh();
      void this.triage.sync.refresh();
    });
    this.thumbnails = new ThumbnailStore(client);
    this.sheet = new ContactSheet(
      this.study,
      () => new Details(client, context.details),
      this.thumbnails,
      noteFailure,
    );
    this.triage = new Triage(client, this.study, this.sheet, () => this.pane, {
      onFailure: noteFailure,
      onProblem: (message) => {
        this.notices.warn(message);
      },
      // Marks are saved as ROIs are: what is not is known to those.
      onSent: () => {
        void this.roiSync.refresh();
        this.onEdited();
      },
      onExported: () => void this.roiSync.refresh(),
    });
  }

  /** The panes of the tab that is seen. */
  get workspace(): Workspace {
    return this.tabs.active;
  }

  /** The pane that keys and tools work in. */
  get pane(): Pane {
    return this.workspace.active;
  }

  get viewer(): Viewer {
    return this.pane.viewer;
  }

  get navigator(): Navigator {
    return this.pane.navigator;
  }

  get overlays(): Overlays {
    return this.pane.overlays;
  }

  /** When keys mean something else than usual, the nearest first. */
  get keyContexts(): readonly KeyContext[] {
    const { keyContext } = this.pane.editor;
    if (this.layout.menu !== null) return [];
    // The contact sheet covers what is selected.
    const contexts = keyContext === null || this.sheet.isOpen ? [] : [keyContext];
    return this.triage.isOn && keyContext !== 'drawing' ? [...contexts, 'triage'] : contexts;
  }

  /** What a link to what is seen says after its #; null while that is on its way. */
  get addressText(): string | null {
    if (this.#arrival.isPending) return null;
    const address = addressOf(this.workspace);
    if (address !== null) return addressText(address);
    return this.workspace.arranged.every((pane) => pane.isEmpty) ? '' : null;
  }

  /**
   * Follows the list, and opens what a link names, or else the first series
   * with pixels, as soon as it is there.
   */
  async start(address: Address | null = null): Promise<void> {
    if (address !== null) this.visit(address);
    await this.study.follow((list) => {
      this.#receive(list);
    }, this.#lifetime.signal);
    if (this.study.failure !== null) this.connection.report(this.study.failure);
  }

  stop(): void {
    this.roiSync.stop();
    this.#lifetime.abort();
    for (const pane of this.tabs.panes) pane.close();
  }

  /** Tells how the filter field gets the focus. */
  onFocusFilter(focus: () => void): void {
    this.#focusFilter = focus;
  }

  /** Tells how text gets to the clipboard. */
  onCopyText(copy: (text: string) => void): void {
    this.#copyText = copy;
  }

  /** Takes what is selected along, to other frames and to other programs. */
  copyRois(): void {
    this.#copyText(this.roiClipboard.copy(this));
  }

  focusFilter(): void {
    this.layout.isSidebarOpen = true;
    flushSync();
    this.#focusFilter();
  }

  /** Opens what a link names in the tab that is seen. */
  visit(address: Address): void {
    void this.#arrival.open(address, this.workspace);
  }

  /** Opens what was chosen in the list. */
  choose(item: TreeItem, where: Where = {}): void {
    if (item.kind === 'more') this.skipped.more(item.end);
    else if (item.kind === 'series') this.show(item.row.index, undefined, where);
    else if (item.kind === 'part') {
      this.show(item.series.row.index, { key: item.stackKey }, where);
    }
  }

  /** Opens a series in the active pane or in a new tab; the arrow keys then step through its frames. */
  show(series: number, pick?: StackChoice, { inNewTab = false }: Where = {}): void {
    this.sheet.close();
    if (inNewTab) this.tabs.open();
    // Until the sheet is gone and the tab there, the pane cannot have the focus.
    flushSync();
    this.navigator.open(series, pick);
    this.pane.focus();
  }

  /** Shows a part of the list as a contact sheet: the line with the focus, else what is open. */
  toggleSheet(): void {
    if (this.sheet.isOpen) this.sheet.close();
    else this.sheet.open((this.treeFocus && placeOf(this.treeFocus)) ?? this.#openPlace());
  }

  /** Carries out what a key or a button asks for. */
  run(command: Command): void {
    COMMANDS[command](this);
  }

  /** The frames that are open; where it is only one, its study. */
  #openPlace(): SheetPlace {
    const { series } = this.navigator;
    const node = series === null ? null : this.study.series(series);
    if (node === null) return { kind: 'all' };
    const { stack } = this.viewer;
    const isLone = (stack?.lanes.flat().length ?? 0) < 2;
    if (isLone) return node.study ?? { kind: 'all' };
    const stackKey = node.parts.length > 0 ? (stack?.key ?? null) : null;
    return { kind: 'frames', series: node, stackKey };
  }

  #receive(list: SeriesList): void {
    this.connection.meet(list.server_start_ms);
    this.roiImporter.warnings = list.warnings;
    for (const warning of list.warnings.slice(0, MOST_SAID)) this.notices.warn(warning);
    if (list.warnings.length > MOST_SAID) this.notices.warn(MORE_IS_SAID);
    void this.skipped.note(list);
    if (list.scan_complete) void this.triage.sync.refresh();
    for (const pane of this.tabs.panes) pane.navigator.note(list.series);
    this.sheet.note(list.series);
    void this.#arrival.note(list, this.workspace);
  }

  #resume(): void {
    if (!this.study.isWhole) void this.start();
    for (const pane of this.tabs.panes) pane.resume();
    void this.roiSync.resume();
    void this.triage.sync.resume({ isOther: false });
    this.tags.resume();
    this.tagCompare.resume();
    this.tagVaries.resume();
  }
}

/** The session of the page, for every component below App. */
export const [getSession, setSession] = createContext<Session>();
