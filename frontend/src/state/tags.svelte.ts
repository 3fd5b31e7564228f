import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import { asApiError, isAbort, type ApiError } from '../api/apiError';
import type { Client } from '../api/client';
import type { TagNode } from '../api/types.gen';
import { tagRows, type TagValue } from './tagRows';

/** While frames fly past, their tags are not fetched. */
const SETTLE_MS = 120;

/** Items, values or characters that are fetched at once. */
const SLICE = 500;

/** Files whose tags are kept. */
const MOST_KEPT = 20;

/** The data elements of the file on screen. */
export class Tags {
  readonly #client: Pick<Client, 'tags' | 'tagSlice'>;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #kept = new Map<number, TagNode[]>();
  readonly #expanded = new SvelteSet<string>();
  readonly #extended = new SvelteMap<string, TagValue>();
  #file: number | null = null;
  #nodes = $state.raw<readonly TagNode[] | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #request: AbortController | null = null;

  filter = $state('');

  readonly rows = $derived(
    tagRows(this.#nodes ?? [], {
      filter: this.filter,
      isExpanded: (key) => this.#expanded.has(key),
      valueAt: (path, value) => this.#extended.get(path) ?? value,
    }),
  );

  constructor(client: Pick<Client, 'tags' | 'tagSlice'>, onFailure: (failure: ApiError) => void) {
    this.#client = client;
    this.#onFailure = onFailure;
  }

  /** null while they are on their way. */
  get count(): number | null {
    return this.#nodes?.length ?? null;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Opens or closes; what is open stays open from file to file. */
  toggle(key: string): void {
    if (!this.#expanded.delete(key)) this.#expanded.add(key);
  }

  /** Shows the tags of a file, as soon as it is clear that it stays. */
  async show(file: number): Promise<void> {
    if (file === this.#file && this.#failure === null) return;
    this.#request?.abort();
    const request = new AbortController();
    this.#request = request;
    this.#file = file;
    this.#failure = null;
    const known = this.#kept.get(file);
    try {
      if (known === undefined) await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
      if (request.signal.aborted) return;
      const nodes = known ?? (await this.#client.tags(file, request.signal));
      if (request.signal.aborted) return;
      this.#keep(file, nodes);
      this.#extended.clear();
      this.#nodes = nodes;
    } catch (reason) {
      if (isAbort(reason) || request.signal.aborted) return;
      this.#nodes = [];
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }

  /** Fetches the next part of a value that was cut. */
  async loadMore(path: string): Promise<void> {
    const file = this.#file;
    const current = this.#extended.get(path) ?? this.#valueAt(path);
    if (file === null || current === null) return;
    try {
      const range = { offset: lengthOf(current), limit: SLICE };
      const { value } = await this.#client.tagSlice(file, path, range, this.#request?.signal);
      if (file === this.#file) this.#extended.set(path, joined(current, value));
    } catch (reason) {
      if (isAbort(reason)) return;
      this.#onFailure(asApiError(reason));
    }
  }

  #keep(file: number, nodes: TagNode[]): void {
    this.#kept.delete(file);
    this.#kept.set(file, nodes);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }

  /** Follows a path such as `52009230/0/00289132`. */
  #valueAt(path: string): TagValue | null {
    let nodes: readonly TagNode[] = this.#nodes ?? [];
    let value: TagValue | null = null;
    let walked = '';
    for (const step of path.split('/')) {
      walked = walked ? `${walked}/${step}` : step;
      if (value?.type === 'sequence') {
        nodes = value.items[Number(step)] ?? [];
        value = null;
      } else {
        const tag = `(${step.slice(0, 4)},${step.slice(4)})`;
        const node = nodes.find((candidate) => candidate.tag === tag);
        if (node === undefined) return null;
        value = this.#extended.get(walked) ?? node.value;
      }
    }
    return value;
  }
}

function lengthOf(value: TagValue): number {
  if (value.type === 'sequence') return value.items.length;
  return value.type === 'string' || value.type === 'numbers' ? value.value.length : 0;
}

/** A value with the part that follows it. */
function joined(first: TagValue, next: TagValue): TagValue {
  const rest = { truncated: false, total: 0 };
  if (first.type === 'sequence' && next.type === 'sequence') {
    const items = [...first.items, ...next.items];
    const total = next.total ?? items.length;
    return { type: 'sequence', items, ...rest, truncated: items.length < total, total };
  }
  if (first.type === 'numbers' && next.type === 'numbers') {
    const value = [...first.value, ...next.value];
    const total = next.total ?? value.length;
    return { type: 'numbers', value, ...rest, truncated: value.length < total, total };
  }
  if (first.type === 'string' && next.type === 'string') {
    const value = first.value + next.value;
    const total = next.total ?? value.length;
    return { type: 'string', value, ...rest, truncated: value.length < total, total };
  }
  return next;
}
