import type { FrameRef } from '../dicom/frameRef';
import { ApiError } from './apiError';
import { frameRanges, readBatch, type BatchEntry } from './frameBatch';
import { readLines } from './lines';
import { Marks } from './marks';
import { Meter, type Transfer } from './meter';
import { pause } from './pause';
import { readRawFrame, type RawFrame } from './rawFrame';
import { received, translated, unreachable, type Options, type Sending } from './request';
import { RoiFiles } from './roiFiles';
import { Rois } from './rois';
import type {
  ErrorBody,
  Explanation,
  FrameGroups,
  FileInfo,
  Health,
  Recipe,
  Report,
  SeriesDetail,
  SeriesList,
  TagComparison,
  TagNode,
  TagSearch,
  TagVariation,
} from './types.gen';

/** What a proxy answers in place of a server that is gone. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

const TOKEN_HEADER = 'X-Dcmview-Token';

/** Tells the server that nobody waits for the answer yet. */
const BACKGROUND = { 'X-Dcmview-Priority': 'background' };

/** Thumbnails up to this size are exact. */
const LARGEST_PNG_PX = 128;

/** A server that asks for more patience is asked again all the same. */
const LONGEST_WAIT_S = 10;

export interface Preview {
  rows: number;
  columns: number;
  bitmap: ImageBitmap;
}

/** Over what elements may vary. */
export type VaryingOver = { files: string } | { series: string } | { file: string };

export interface ClientOptions {
  /** Where the page is: the API is found relative to it, under any prefix of a proxy. */
  base: string;
  token: string | null;
  /** Hears how long raw frames took. */
  onTransfer?: (transfer: Transfer) => void;
}

/** The HTTP contract as functions. Every failure is an ApiError, except an abort. */
export class Client {
  readonly #base: string;
  readonly #headers: Record<string, string>;
  readonly #meter: Meter | null;
  #hasBatches = true;

  /** ROIs as files, out and in. */
  readonly rois = new Rois((path, sending) => this.#ask(path, sending));
  readonly roiFiles = new RoiFiles((path, sending) => this.#ask(path, sending));
  /** What is kept, rejected or in doubt. */
  readonly marks = new Marks((path, sending) => this.#ask(path, sending));

  constructor({ base, token, onTransfer }: ClientOptions) {
    this.#base = base;
    this.#meter = onTransfer === undefined ? null : new Meter(onTransfer);
    this.#headers = token === null ? {} : { [TOKEN_HEADER]: token };
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#json('api/health', { signal });
  }

  /** What is new or has changed in the list after a revision, as long as there is more to come. */
  async *followSeries(since: number, signal?: AbortSignal): AsyncGenerator<SeriesList> {
    const response = await this.#ask(`api/series?follow=1&since=${String(since)}`, { signal });
    if (response.body === null) return;
    try {
      for await (const line of readLines(response.body)) yield JSON.parse(line) as SeriesList;
    } catch (reason) {
      throw translated(reason);
    }
  }

  /** The files and stacks of one series. */
  series(series: number, options?: Options): Promise<SeriesDetail> {
    return this.#json(`api/series/${String(series)}`, options);
  }

  /** Paths that ended in a certain way, a part of them. */
  report(
    end: string,
    range: { offset: number; limit: number },
    signal?: AbortSignal,
  ): Promise<Report> {
    const query = new URLSearchParams({
      end,
      offset: String(range.offset),
      limit: String(range.limit),
    });
    return this.#json(`api/report?${query.toString()}`, { signal });
  }

  /** Facts of one file. */
  info(file: number, signal?: AbortSignal): Promise<FileInfo> {
    return this.#json(`api/file/${String(file)}/info`, { signal });
  }

  tags(file: number, signal?: AbortSignal): Promise<TagNode[]> {
    return this.#json(`api/file/${String(file)}/tags`, { signal });
  }

  /** One element with a part of its value; the path is made of tags and item indices. */
  tagSlice(
    file: number,
    path: string,
    range: { offset: number; limit: number },
    signal?: AbortSignal,
  ): Promise<TagNode> {
    const query = new URLSearchParams({
      path,
      offset: String(range.offset),
      limit: String(range.limit),
    });
    return this.#json(`api/file/${String(file)}/tags?${query.toString()}`, { signal });
  }

  /** Elements that hold all words, inside their parents. */
  tagSearch(file: number, words: string, signal?: AbortSignal): Promise<TagSearch> {
    const query = new URLSearchParams({ search: words });
    return this.#json(`api/file/${String(file)}/tags?${query.toString()}`, { signal });
  }

  /** The functional groups of a frame; empty where the file has none. */
  frameGroups({ file, frame_index }: FrameRef, signal?: AbortSignal): Promise<FrameGroups> {
    return this.#json(`${framePath(file, frame_index)}/groups`, { signal });
  }

  /** Two files side by side, of their functional groups those of one frame each. */
  comparedTags(first: FrameRef, second: FrameRef, signal?: AbortSignal): Promise<TagComparison> {
    return this.#json(comparePath(first, second), { signal });
  }

  /** The same as a table to be saved. */
  async comparedTagsCsv(first: FrameRef, second: FrameRef, signal?: AbortSignal): Promise<Blob> {
    const response = await this.#ask(`${comparePath(first, second)}&format=csv`, { signal });
    return received(response.blob());
  }

  /** What varies over files (`files=3-9,12`), over a series or over the frames of a file. */
  varyingTags(over: VaryingOver, signal?: AbortSignal): Promise<TagVariation> {
    return this.#json(varyingPath(over), { signal });
  }

  /** The same as a table to be saved. */
  async varyingTagsCsv(over: VaryingOver, signal?: AbortSignal): Promise<Blob> {
    const response = await this.#ask(`${varyingPath(over)}&format=csv`, { signal });
    return received(response.blob());
  }

  recipe({ file, frame_index }: FrameRef, options?: Options): Promise<Recipe> {
    return this.#json(`${framePath(file, frame_index)}/recipe`, options);
  }

  async rawFrame({ file, frame_index }: FrameRef, options?: Options): Promise<RawFrame> {
    const path = `${framePath(file, frame_index)}/raw?encoding=planes`;
    const response = await this.#ask(path, options);
    const body = await received(response.arrayBuffer());
    this.#meter?.note(response.url, body.byteLength, 'full');
    return readRawFrame(response.headers, body);
  }

  /**
   * Frames for later, one after the other in one answer, reduced to a size if
   * one is given. A server that knows nothing of such answers is asked for one
   * frame at a time, and for no reduced ones.
   */
  async *rawFrames(
    refs: readonly FrameRef[],
    size: number | null,
    signal?: AbortSignal,
  ): AsyncGenerator<BatchEntry> {
    const options: Options = { signal, isBackground: true };
    if (this.#hasBatches) {
      const reduction = size === null ? '' : `&size=${String(size)}`;
      const path = `api/frames/raw?frames=${frameRanges(refs)}&encoding=planes${reduction}`;
      const response = await this.#ask(path, options).catch((reason: unknown) => {
        if (!(reason instanceof ApiError && reason.status === 404)) throw reason;
        this.#hasBatches = false;
        return null;
      });
      if (response?.body) {
        let bytes = 0;
        for await (const entry of readBatch(response.body)) {
          if (!(entry.frame instanceof ApiError)) bytes += entry.frame.stored.samples.byteLength;
          yield entry;
        }
        this.#meter?.note(response.url, bytes, size === null ? 'full' : 'reduced');
        return;
      }
    }
    if (size !== null) return;
    for (const ref of refs) {
      const frame = await this.rawFrame(ref, options).catch((reason: unknown) => {
        if (reason instanceof ApiError) return reason;
        throw reason;
      });
      yield { ref, frame };
    }
  }

  /** The display frame as the server makes it. */
  async displayFrame({ file, frame_index }: FrameRef, options?: Options): Promise<ImageBitmap> {
    const response = await this.#ask(framePath(file, frame_index), options);
    // A picture with an ICC profile is turned into the colours of the page.
    return createImageBitmap(await received(response.blob()));
  }

  /** A small display frame as a file, not longer than `size_px`; nobody waits for it. */
  async thumbnail(
    { file, frame_index }: FrameRef,
    size_px: number,
    signal: AbortSignal,
  ): Promise<Blob> {
    // Large ones would be slow over a line as PNG.
    const format = size_px > LARGEST_PNG_PX ? '&format=webp' : '';
    const path = `${framePath(file, frame_index)}?size=${String(size_px)}${format}`;
    const response = await this.#ask(path, { signal, isBackground: true });
    return received(response.blob());
  }

  /** A reduced display frame, with the size of the whole one. */
  async preview(
    { file, frame_index }: FrameRef,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Preview> {
    const parameters = new URLSearchParams(query).toString();
    const path = `${framePath(file, frame_index)}/preview${parameters && `?${parameters}`}`;
    const response = await this.#ask(path, { signal });
    const bitmap = await createImageBitmap(await received(response.blob()));
    const rows = Number(response.headers.get('X-Frame-Rows') ?? bitmap.height);
    const columns = Number(response.headers.get('X-Frame-Columns') ?? bitmap.width);
    return { rows, columns, bitmap };
  }

  /** An overlay plane of a frame: what it draws is opaque. */
  async overlay(
    { file, frame_index }: FrameRef,
    group: number,
    signal: AbortSignal,
  ): Promise<ImageBitmap> {
    const path = `${framePath(file, frame_index)}/overlay/${group.toString(16).toUpperCase().padStart(4, '0')}`;
    const response = await this.#ask(path, { signal });
    return createImageBitmap(await received(response.blob()));
  }

  /** Every step from stored value to picture. */
  explanation(
    { file, frame_index }: FrameRef,
    query: Record<string, string>,
    signal: AbortSignal,
  ): Promise<Explanation> {
    const parameters = new URLSearchParams(query).toString();
    const path = `${framePath(file, frame_index)}/explain${parameters && `?${parameters}`}`;
    return this.#json(path, { signal });
  }

  async #json<Body>(path: string, options?: Options): Promise<Body> {
    const response = await this.#ask(path, options);
    return received(response.json() as Promise<Body>);
  }

  /** A busy server is asked again when it says so, as long as somebody waits for the answer. */
  async #ask(path: string, sending: Sending = {}): Promise<Response> {
    const { signal, isBackground = false, headers: own, ...rest } = sending;
    const headers = { ...this.#headers, ...(isBackground ? BACKGROUND : {}), ...own };
    for (;;) {
      const response = await received(
        fetch(new URL(path, this.#base), { ...rest, headers, signal: signal ?? null }),
      );
      if (response.ok) return response;
      const failure = await refusal(response);
      const wait_s = Number(response.headers.get('Retry-After') ?? NaN);
      const isBusy = response.status === 503 && !failure.isUnreachable && wait_s >= 0;
      if (!isBusy || isBackground) throw failure;
      await pause(1_000 * Math.min(wait_s, LONGEST_WAIT_S), signal);
    }
  }
}

function comparePath(first: FrameRef, second: FrameRef): string {
  const query = new URLSearchParams({
    first: String(first.file),
    second: String(second.file),
    first_frame: String(first.frame_index),
    second_frame: String(second.frame_index),
  });
  return `api/tags/compare?${query.toString()}`;
}

function varyingPath(over: VaryingOver): string {
  return `api/tags/varying?${new URLSearchParams({ ...over }).toString()}`;
}

function framePath(file: number, frameIndex: number): string {
  return `api/file/${String(file)}/frame/${String(frameIndex)}`;
}

async function refusal(response: Response): Promise<ApiError> {
  const fallback = `the server answered ${String(response.status)} ${response.statusText}`.trim();
  // A proxy in between answers without our error form.
  const body = (await response.json().catch(() => ({}))) as Partial<ErrorBody>;
  if (body.code === undefined && GATEWAY_STATUSES.includes(response.status)) return unreachable();
  return new ApiError(body.error ?? fallback, body.code ?? 'http_error', response.status, {
    ...body,
  });
}
