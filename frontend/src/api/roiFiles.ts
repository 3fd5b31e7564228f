import { ApiError } from './apiError';
import { received, type Ask } from './request';
import type { RoiExportPreview, RoiExportPreviews, RoiImport, RoiTableHead } from './types.gen';

export interface RoiFile {
  name: string;
  content: Blob;
}

/** How a file is taken in. */
export interface ImportChoice {
  /** What it is called, which its ROIs remember. */
  name: string;
  /** The layer that its ROIs go to; empty for what the file says. */
  group: string;
  /** Whether the page keeps hands off them. */
  isLocked: boolean;
  /** Which column of a table has what; empty where the names of the columns say it. */
  columns: Readonly<Record<string, string>>;
}

export interface ImportOutcome {
  report: RoiImport;
  /** Why what was added is not on the disk; empty where it is, or nobody asked for it. */
  notSaved: string;
}

/** ROIs of all files as files of their own, out and in. */
export class RoiFiles {
  readonly #ask: Ask;

  constructor(ask: Ask) {
    this.#ask = ask;
  }

  /** What each form would not carry. */
  async previews(signal?: AbortSignal): Promise<RoiExportPreview[]> {
    const response = await this.#ask('api/annotations/export/preview', { signal });
    return (await received(response.json() as Promise<RoiExportPreviews>)).forms;
  }

  /** What the columns of a table are, from the beginning of a file. */
  async columns(head: Blob, name: string, signal?: AbortSignal): Promise<RoiTableHead> {
    const query = new URLSearchParams({ name }).toString();
    const path = `api/annotations/import/columns?${query}`;
    const response = await this.#ask(path, { method: 'POST', body: head, signal });
    return received(response.json() as Promise<RoiTableHead>);
  }

  /** All ROIs in a form; `onBytes` hears how much of it has come. */
  async export(
    format: string,
    onBytes: (bytes: number) => void,
    signal?: AbortSignal,
  ): Promise<RoiFile> {
    const query = new URLSearchParams({ format }).toString();
    const response = await this.#ask(`api/annotations/export?${query}`, { signal });
    const content = response.body === null ? new Blob() : await gathered(response.body, onBytes);
    const type = response.headers.get('Content-Type') ?? '';
    return { name: nameOf(response), content: content.slice(0, content.size, type) };
  }

  /** Adds the ROIs of a file. */
  async import(
    content: Blob,
    { name, group, isLocked, columns }: ImportChoice,
    signal?: AbortSignal,
  ): Promise<ImportOutcome> {
    const query = new URLSearchParams({ name });
    if (group !== '') query.set('group', group);
    if (isLocked) query.set('locked', '1');
    if (Object.keys(columns).length > 0) query.set('columns', JSON.stringify(columns));
    const path = `api/annotations/import?${query.toString()}`;
    try {
      const response = await this.#ask(path, { method: 'POST', body: content, signal });
      return { report: await received(response.json() as Promise<RoiImport>), notSaved: '' };
    } catch (reason) {
      if (!(reason instanceof ApiError && reason.status === 507)) throw reason;
      // They are there, in memory: what became of them is told all the same.
      return { report: reason.body.detail as RoiImport, notSaved: reason.message };
    }
  }
}

/** So much is held as bytes before the browser puts it where it likes, which may be the disk. */
const HELD_BYTES = 16 * 1024 * 1024;

async function gathered(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onBytes: (bytes: number) => void,
): Promise<Blob> {
  const reader = stream.getReader();
  const parts: Blob[] = [];
  let pieces: Uint8Array<ArrayBuffer>[] = [];
  let bytes = 0;
  let held = 0;
  for (;;) {
    const { value } = await received(reader.read());
    if (value === undefined) break;
    pieces.push(value);
    bytes += value.length;
    held += value.length;
    onBytes(bytes);
    if (held < HELD_BYTES) continue;
    parts.push(new Blob(pieces));
    pieces = [];
    held = 0;
  }
  return new Blob([...parts, ...pieces]);
}

/** What the server calls the file that it sends. */
function nameOf(response: Response): string {
  const header = response.headers.get('Content-Disposition') ?? '';
  return /filename="([^"\\/]+)"/.exec(header)?.[1] ?? 'dcmview-annotations';
}
