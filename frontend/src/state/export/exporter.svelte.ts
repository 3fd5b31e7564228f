import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import { paintElement, type Extras } from '../../render/elementPainter';
import { paintWhole, toPng } from '../../render/snapshot';
import { nextFrame, StepError } from '../view/cine.svelte';
import { startWriter, type CineKind, type CineWriter } from './cineWriters';
import type { Pane } from '../panes/pane.svelte';
import type { Study } from '../list/study.svelte';

/** What is handed to the browser to be saved. */
interface SavedFile {
  name: string;
  content: Blob;
}

/** A cine that is being written. */
export interface Job {
  kind: CineKind;
  done: number;
  total: number;
}

/** Takes pictures and cines out of panes. */
export class Exporter {
  readonly #study: Pick<Study, 'series'>;
  readonly #onProblem: (failure: ApiError) => void;
  #job = $state.raw<Job | null>(null);
  #request = new AbortController();

  /** As the pane stands on the screen, or the image with one pixel for each of its own. */
  view = $state<'screen' | 'image'>('screen');
  hasDrawings = $state(true);
  /** Names the patient, unless that is hidden; so nobody gets it without asking. */
  hasText = $state(false);

  constructor(study: Pick<Study, 'series'>, onProblem: (failure: ApiError) => void) {
    this.#study = study;
    this.#onProblem = onProblem;
  }

  get job(): Job | null {
    return this.#job;
  }

  /** The picture of a pane as PNG; null where that failed, which is told. */
  async png(pane: Pane): Promise<SavedFile | null> {
    try {
      const content = await toPng(await this.#take(pane));
      return {
        name: `${this.#nameOf(pane)}-${String(pane.viewer.shownPosition + 1)}.png`,
        content,
      };
    } catch (reason) {
      this.#onProblem(asApiError(reason));
      return null;
    }
  }

  /** Puts the picture of a pane on the clipboard; false where that failed, which is told. */
  async copy(pane: Pane): Promise<boolean> {
    try {
      // Some browsers want the item while the click still counts, and wait for its content.
      const content = this.#take(pane).then(toPng);
      await navigator.clipboard.write([new ClipboardItem({ 'image/png': content })]);
      return true;
    } catch (reason) {
      this.#onProblem(asApiError(reason));
      return false;
    }
  }

  /** Writes one round of the cine of a pane; null where it was cancelled or failed. */
  async record(pane: Pane, kind: CineKind): Promise<SavedFile | null> {
    const { cine, viewer } = pane;
    const { round, range } = cine;
    const before = viewer.scroll.ref;
    const position = cine.position;
    this.#request = new AbortController();
    const { signal } = this.#request;
    this.#job = { kind, done: 0, total: round.length };
    let writer: CineWriter | null = null;
    try {
      for (const [done, place] of round.entries()) {
        await cine.show(place, signal);
        const picture = await this.#take(pane);
        writer ??= await startWriter(kind, picture, cine.fps);
        await writer.add(picture, cine.time_ms(place), signal);
        this.#job = { kind, done: done + 1, total: round.length };
      }
      if (writer === null) return null;
      const numbers = `${String(range.first + 1)}to${String(range.last + 1)}`;
      return { name: `${this.#nameOf(pane)}-${numbers}.${kind}`, content: await writer.finish() };
    } catch (reason) {
      if (!isAbort(reason) && !(reason instanceof StepError)) this.#onProblem(asApiError(reason));
      return null;
    } finally {
      writer?.dispose();
      this.#job = null;
      if (before !== viewer.scroll.ref && cine.course[position] !== undefined) {
        viewer.goAlong({ refs: cine.course, position, direction: 1 });
      }
    }
  }

  cancel(): void {
    this.#request.abort();
  }

  async #take(pane: Pane): Promise<HTMLCanvasElement> {
    const { viewer, overlays, element } = pane;
    if (this.view === 'image') {
      if (viewer.scene === null) throw new Error('there is no picture to be taken');
      return paintWhole(viewer.scene.picture);
    }
    await overlays.settled;
    // Whatever changed last is drawn by then.
    await nextFrame();
    await nextFrame();
    if (element === null) throw new Error('the viewport is not on the page');
    const extras: Extras = { drawings: this.hasDrawings, text: this.hasText };
    return paintElement(element, viewer.framing.pixelRatio, extras);
  }

  /** Names no patient. */
  #nameOf({ viewer: { stack } }: Pane): string {
    const row = stack && this.#study.series(stack.series)?.row;
    const [modality, number] = [row?.modality ?? '', row?.series_number ?? ''].map((text) =>
      text.replace(/[^\w]/g, ''),
    );
    return `${modality || 'image'}-series${number || '0'}`;
  }
}
