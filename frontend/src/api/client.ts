import { ApiError, isAbort } from './apiError';
import { readRawFrame, type RawFrame } from './rawFrame';
import type { ErrorBody, FileList, Health, Recipe, TagNode } from './types.gen';

/** What a proxy answers in place of a server that is gone. */
const GATEWAY_STATUSES: readonly number[] = [502, 503, 504];

const TOKEN_HEADER = 'X-Dcmview-Token';

export interface ClientOptions {
  /** Where the page is: the API is found relative to it, under any prefix of a proxy. */
  base: string;
  token: string | null;
}

/** The HTTP contract as functions. Every failure is an ApiError, except an abort. */
export class Client {
  readonly #base: string;
  readonly #headers: Record<string, string>;

  constructor({ base, token }: ClientOptions) {
    this.#base = base;
    this.#headers = token === null ? {} : { [TOKEN_HEADER]: token };
  }

  health(signal?: AbortSignal): Promise<Health> {
    return this.#json('api/health', signal);
  }

  files(signal?: AbortSignal): Promise<FileList> {
    return this.#json('api/files', signal);
  }

  tags(file: number, signal?: AbortSignal): Promise<TagNode[]> {
    return this.#json(`api/file/${String(file)}/tags`, signal);
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
    return this.#json(`api/file/${String(file)}/tags?${query.toString()}`, signal);
  }

  recipe(file: number, frameIndex: number, signal?: AbortSignal): Promise<Recipe> {
    return this.#json(`${framePath(file, frameIndex)}/recipe`, signal);
  }

  async rawFrame(file: number, frameIndex: number, signal?: AbortSignal): Promise<RawFrame> {
    const response = await this.#get(`${framePath(file, frameIndex)}/raw`, signal);
    return readRawFrame(response.headers, await received(response.arrayBuffer()));
  }

  /** The display frame as the server makes it. */
  async displayFrame(file: number, frameIndex: number, signal?: AbortSignal): Promise<ImageBitmap> {
    const response = await this.#get(framePath(file, frameIndex), signal);
    return createImageBitmap(await received(response.blob()), { colorSpaceConversion: 'none' });
  }

  async #json<Body>(path: string, signal?: AbortSignal): Promise<Body> {
    const response = await this.#get(path, signal);
    return received(response.json() as Promise<Body>);
  }

  async #get(path: string, signal?: AbortSignal): Promise<Response> {
    const response = await received(
      fetch(new URL(path, this.#base), { headers: this.#headers, signal: signal ?? null }),
    );
    if (!response.ok) throw await refusal(response);
    return response;
  }
}

function framePath(file: number, frameIndex: number): string {
  return `api/file/${String(file)}/frame/${String(frameIndex)}`;
}

/** Network failures, at the head or in the middle of an answer, as ApiErrors. */
async function received<Value>(pending: Promise<Value>): Promise<Value> {
  try {
    return await pending;
  } catch (reason) {
    if (isAbort(reason)) throw reason;
    if (reason instanceof SyntaxError) {
      throw new ApiError('the answer is not JSON', 'bad_answer', 200);
    }
    throw unreachable();
  }
}

function unreachable(): ApiError {
  return new ApiError('the server does not answer', 'unreachable', 0);
}

async function refusal(response: Response): Promise<ApiError> {
  const fallback = `the server answered ${String(response.status)} ${response.statusText}`.trim();
  // A proxy in between answers without our error form.
  const body = (await response.json().catch(() => ({}))) as Partial<ErrorBody>;
  if (body.code === undefined && GATEWAY_STATUSES.includes(response.status)) return unreachable();
  return new ApiError(body.error ?? fallback, body.code ?? 'http_error', response.status);
}
