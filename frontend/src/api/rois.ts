import { ApiError } from './apiError';
import { received, type Ask } from './request';
import type {
  RoiBulkEdit,
  RoiBulkOperations,
  RoiFileOperations,
  RoiList,
  RoiLists,
  RoiOverview,
} from './types.gen';

/** Files of one question: half of what the server takes, for the sake of the address. */
const MOST_FILES = 500;

/** ROIs of files, with the revisions that keep two pages from undoing each other's work. */
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
   * Edits the ROIs of files, each on its own: what has become of them is in the answer. Edits that
   * were made and could not be saved are no failure either.
   */
  async edit(files: readonly RoiFileOperations[]): Promise<RoiBulkEdit> {
    const body: RoiBulkOperations = { files: [...files] };
    try {
      const response = await this.#ask('api/rois', {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify(body),
      });
      return await received(response.json() as Promise<RoiBulkEdit>);
    } catch (reason) {
      if (reason instanceof ApiError && Array.isArray(reason.body.files)) {
        return reason.body as unknown as RoiBulkEdit;
      }
      throw reason;
    }
  }
}
