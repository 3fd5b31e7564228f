import { ApiError, RoiRefused } from './apiError';
import { received, type Ask } from './request';
import type { RoiEdit, RoiList, RoiLists, RoiOperations, RoiOverview } from './types.gen';

/** Files of one question: half of what the server takes, for the sake of the address. */
const MOST_FILES = 500;

/** ROIs of single files, with the revisions that keep two pages from undoing each other's work. */
export class Rois {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** Which files have ROIs, or whose have changed after a revision. */
  async overview(since: number, signal?: AbortSignal): Promise<RoiOverview> {
    const response = await this.#ask(`api/rois?since=${String(since)}`, { signal });
    return received(response.json() as Promise<RoiOverview>);
  }

  /** All ROIs of a file. */
  async list(file: number, signal?: AbortSignal): Promise<RoiList> {
    const response = await this.#ask(pathOf(file), { signal });
    return received(response.json() as Promise<RoiList>);
  }

  /** All ROIs of many files, in answers of bounded size. */
  async *lists(files: readonly number[], signal?: AbortSignal): AsyncGenerator<RoiList> {
    let waiting = files;
    while (waiting.length > 0) {
      const asked = waiting.slice(0, MOST_FILES);
      const response = await this.#ask(`api/rois/files?indices=${asked.join(',')}`, { signal });
      const answer = await received(response.json() as Promise<RoiLists>);
      yield* answer.files;
      waiting = waiting.slice(answer.next ?? asked.length);
    }
  }

  /**
   * Edits the ROIs of a file that have a revision.
   *
   * Throws RoiRefused where they have another one, or where the edit was made and not saved.
   */
  async edit(file: number, revision: string, operations: RoiOperations): Promise<RoiEdit> {
    try {
      const response = await this.#ask(pathOf(file), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json', 'If-Match': `"${revision}"` },
        body: JSON.stringify(operations),
      });
      return await received(response.json() as Promise<RoiEdit>);
    } catch (reason) {
      const current = reason instanceof ApiError ? reason.body.current : undefined;
      throw current === undefined ? reason : new RoiRefused(reason as ApiError, current as RoiList);
    }
  }
}

function pathOf(file: number): string {
  return `api/file/${String(file)}/rois`;
}
