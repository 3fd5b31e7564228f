import { ApiError } from './apiError';
import { received, type Ask } from './request';
import type { ImportOutcome } from './roiFiles';
import type { RoiImport, TriageChange, TriageOverview } from './types.gen';

/** Marks of triage: which files are kept, rejected or in doubt. */
export class Marks {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** All marks, or those that changed after a revision. */
  async overview(since: number, signal?: AbortSignal): Promise<TriageOverview> {
    const response = await this.#ask(pathOf(since), { signal });
    return received(response.json() as Promise<TriageOverview>);
  }

  /** Marks files, and gives what changed after a revision. */
  async change(change: TriageChange, since: number): Promise<TriageOverview> {
    const response = await this.#ask(pathOf(since), {
      method: 'PATCH',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(change),
    });
    return received(response.json() as Promise<TriageOverview>);
  }

  /** All marks as a table to be saved. */
  async exportCsv(): Promise<Blob> {
    const response = await this.#ask('api/triage/export.csv');
    return received(response.blob());
  }

  /** Takes the marks of such a table. */
  async import(content: Blob): Promise<ImportOutcome> {
    try {
      const response = await this.#ask('api/triage/import', { method: 'POST', body: content });
      return { report: await received(response.json() as Promise<RoiImport>), notSaved: '' };
    } catch (reason) {
      if (!(reason instanceof ApiError && reason.status === 507)) throw reason;
      // They are there, in memory: what became of them is told all the same.
      return { report: reason.body.detail as RoiImport, notSaved: reason.message };
    }
  }
}

function pathOf(since: number): string {
  return `api/triage?since=${String(since)}`;
}
