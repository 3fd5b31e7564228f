import { createContext } from 'svelte';

import type { ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { FrameCache } from '../../frames/frameCache';
import { FrameStore } from '../../frames/frameStore';
import { Cine } from '../view/cine.svelte';
import { Details, type DetailCache } from '../view/details';
import type { Results } from '../measure/measurementResult';
import type { Comparison } from '../rois/comparison.svelte';
import type { RoiBook } from '../rois/roiBook.svelte';
import { FileNotes } from '../view/fileNotes.svelte';
import { Navigator } from '../view/navigator.svelte';
import { Overlays } from '../view/overlays.svelte';
import { ShapeEditor } from '../measure/shapeEditor.svelte';
import type { Study } from '../list/study.svelte';
import type { Toolbox } from '../measure/toolbox.svelte';
import { Viewer } from '../view/viewer.svelte';

/** What all panes of the page share. */
interface PaneContext {
  client: Client;
  study: Study;
  frames: FrameCache;
  details: DetailCache;
  toolbox: Toolbox;
  rois: RoiBook;
  comparison: Comparison;
  results: Results;
  /** Hears that the server could not be reached. */
  onFailure: (failure: ApiError) => void;
  /** Hears of what else went wrong, to tell it. */
  onProblem: (failure: ApiError) => void;
}

/** One viewport with all that belongs to it alone. */
export class Pane {
  readonly viewer: Viewer;
  readonly navigator: Navigator;
  readonly overlays: Overlays;
  readonly fileNotes: FileNotes;
  readonly cine: Cine;
  readonly editor: ShapeEditor;
  readonly #store: FrameStore;
  /** The viewport on the page, as long as it is there. */
  element: HTMLElement | null = null;
  #focus: () => void = () => undefined;

  constructor(context: PaneContext) {
    const { client, study, frames, details, onFailure, onProblem } = context;
    this.#store = new FrameStore(client, frames);
    this.viewer = new Viewer(this.#store, onFailure);
    this.navigator = new Navigator(study, new Details(client, details), this.viewer, onFailure);
    this.overlays = new Overlays(client, onProblem);
    this.fileNotes = new FileNotes(client);
    this.cine = new Cine(this.viewer, client);
    const { toolbox, rois, comparison, results } = context;
    this.editor = new ShapeEditor(this.viewer, toolbox, rois, results, comparison);
  }

  /** Nothing was opened here so far. */
  get isEmpty(): boolean {
    return this.navigator.series === null;
  }

  /** Tells how the viewport gets the focus. */
  onFocus(focus: () => void): void {
    this.#focus = focus;
  }

  /** Gives the keys to the viewport. */
  focus(): void {
    this.#focus();
  }

  /** Plays nothing while nobody looks. */
  rest(): void {
    this.cine.pause();
  }

  /** Ends all that goes on here, for good. */
  close(): void {
    this.rest();
    this.navigator.close();
    this.#store.stop();
  }

  /** Asks again for what could not be had. */
  retry(): void {
    if (this.navigator.failure !== null) this.navigator.retry();
    else this.viewer.retry();
  }

  /** Takes up what a lost connection has left undone. */
  resume(): void {
    this.navigator.resume();
    if (this.viewer.failure?.isUnreachable === true) this.viewer.retry();
  }
}

/** The pane of the components inside a viewport. */
export const [getPane, setPane] = createContext<Pane>();
