import { ApiError, asApiError, isAbort } from '../../api/apiError';
import type { Client } from '../../api/client';
import type { SeriesList } from '../../api/types.gen';
import type { FrameRef } from '../../dicom/frameRef';
import { UNTOUCHED, type Address } from './address';
import type { Pane } from './pane.svelte';
import type { Study } from '../list/study.svelte';
import type { Appearance } from '../view/viewer.svelte';
import type { Workspace } from './workspace.svelte';

/** A frame that a link names, for a pane that nothing else was opened in since. */
interface Wish {
  pane: Pane;
  before: number | null;
  ref: FrameRef;
  appearance: Appearance;
}

/** What the page opens by itself: what its link names, or else the first series with an image. */
export class Arrival {
  readonly #client: Pick<Client, 'info'>;
  readonly #study: Pick<Study, 'first'>;
  readonly #onFailure: (failure: ApiError) => void;
  /** Wishes whose files are not in the list so far. */
  #wishes = $state.raw<readonly Wish[]>([]);
  #isAsking = false;
  /** Whether there was news since the wishes were last gone through. */
  #hasNews = false;
  #list: SeriesList | null = null;
  #workspace: Workspace | null = null;
  #hasOpened = false;

  constructor(
    client: Pick<Client, 'info'>,
    study: Pick<Study, 'first'>,
    onFailure: (failure: ApiError) => void,
  ) {
    this.#client = client;
    this.#study = study;
    this.#onFailure = onFailure;
  }

  /** Whether files are still looked for, so that what is open is not yet what the link says. */
  get isPending(): boolean {
    return this.#wishes.length > 0;
  }

  /** Lays the panes out as a link says, and opens what it names as soon as that is in the list. */
  async open(address: Address, workspace: Workspace): Promise<void> {
    workspace.setGrid(address.grid);
    const panes = workspace.arranged;
    workspace.activate(panes[address.active] ?? workspace.active);
    this.#wishes = address.frames.flatMap((ref, place) => {
      const pane = panes[place];
      if (ref === null || pane === undefined) return [];
      const appearance = place === address.active ? address.appearance : UNTOUCHED;
      return [{ pane, before: pane.navigator.series, ref, appearance }];
    });
    await this.#look();
  }

  /** Takes note of how far the list has come; what is wanted may now be there. */
  async note(list: SeriesList, workspace: Workspace): Promise<void> {
    this.#list = list;
    this.#workspace = workspace;
    await this.#look();
  }

  #openFirst(): void {
    const [list, workspace] = [this.#list, this.#workspace];
    if (list === null || workspace === null || this.isPending || this.#hasOpened) return;
    if (!workspace.active.isEmpty) {
      this.#hasOpened = true;
      return;
    }
    // An object without pixels is worth opening only when nothing better will come.
    const first =
      this.#study.first({ hasImage: true }) ??
      (list.scan_complete ? this.#study.first({ hasImage: false }) : null);
    if (first === null) return;
    this.#hasOpened = true;
    workspace.active.navigator.open(first.row.index);
  }

  async #look(): Promise<void> {
    this.#hasNews = true;
    if (this.#isAsking) return;
    this.#isAsking = true;
    while (this.#hasNews) {
      this.#hasNews = false;
      for (const wish of this.#wishes) {
        const isDone = await this.#fulfil(wish);
        if (isDone) this.#wishes = this.#wishes.filter((other) => other !== wish);
      }
    }
    this.#isAsking = false;
    this.#openFirst();
  }

  /** Opens the series of a file; false where the file may still come. */
  async #fulfil(wish: Wish): Promise<boolean> {
    if (this.#isOver(wish)) return true;
    const { pane, ref, appearance } = wish;
    const isWhole = this.#list?.scan_complete === true;
    // The server counts its files up from 0.
    if (!isWhole && this.#list !== null && ref.file >= this.#list.listed) return false;
    try {
      const { series } = await this.#client.info(ref.file);
      if (this.#isOver(wish)) return true;
      pane.navigator.open(series, { frame: ref }, appearance);
      this.#hasOpened = true;
      return true;
    } catch (reason) {
      if (isAbort(reason) || this.#isOver(wish)) return true;
      const failure = asApiError(reason);
      if (failure.isUnreachable || (failure.status === 404 && !isWhole)) return false;
      // That is said by the list as well.
      if (failure.status === 401) return true;
      this.#onFailure(
        failure.status === 404
          ? new ApiError('the link names a file that is not in the list', failure.code, 404)
          : failure,
      );
      return true;
    }
  }

  /** Whether something else was opened in the pane, or another link has been followed. */
  #isOver(wish: Wish): boolean {
    return !this.#wishes.includes(wish) || wish.pane.navigator.series !== wish.before;
  }
}
