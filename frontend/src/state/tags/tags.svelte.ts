import { SvelteMap, SvelteSet } from 'svelte/reactivity';

import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import { pause } from '../../api/pause';
import type { FrameGroups, TagNode, TagSearch } from '../../api/types.gen';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import { TagQuery } from './tagQuery';
import { countHits, tagRows, type TagSection } from './tagRows';
import { isCut, joined, loadedLength, rawText, type TagValue } from './tagValue';

/** While frames fly past and words are typed, nothing is fetched. */
const SETTLE_MS = 150;

/** Items, values or characters that are fetched at once. */
const SLICE = 500;

/** The most of a value that is fetched to be copied. */
const MOST_COPIED = 1_000_000;
const COPY_SLICE = 10_000;

/** Files whose tags are kept. */
const MOST_KEPT = 20;

/** Larger trees are searched by the server, so that typing stays fluent. */
const MOST_SEARCHED = 5_000;

/** Elements whose items are the functional groups of a multi-frame object. */
const GROUP_TAGS: readonly string[] = ['(5200,9229)', '(5200,9230)'];

type TagClient = Pick<Client, 'tags' | 'tagSlice' | 'tagSearch' | 'frameGroups'>;

/** What is shown, once all of it is there. */
interface Shown {
  ref: FrameRef;
  nodes: readonly TagNode[];
  groups: FrameGroups;
  /** Whether the tree holds everything and is small enough to be searched here. */
  isSearchable: boolean;
}

/** The data elements of the frame on screen. */
export class Tags {
  readonly #client: TagClient;
  readonly #onFailure: (failure: ApiError) => void;
  /** Whether nobody may see the value of an element. */
  readonly #isCovered: (node: TagNode) => boolean;
  readonly #kept = new Map<number, readonly TagNode[]>();
  readonly #turned = new SvelteSet<string>();
  readonly #extended = new SvelteMap<string, TagValue>();
  #wanted: FrameRef | null = null;
  #request = new AbortController();
  #search = new AbortController();
  #filter = $state('');
  #shown = $state.raw<Shown | null>(null);
  #answer = $state.raw<TagSearch | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #searchFailure = $state.raw<ApiError | null>(null);

  /** Characters in a line of a long value. */
  lineLength = $state(48);

  readonly query = $derived(new TagQuery(this.#filter));
  readonly #asksServer = $derived(!this.query.isEmpty && this.#shown?.isSearchable === false);
  readonly rows = $derived(
    tagRows(this.#sections(), {
      query: this.query,
      isTurned: (key) => this.#turned.has(key),
      valueAt: (path, value) => this.#extended.get(path) ?? value,
      lineLength: this.lineLength,
      isCovered: (node) => this.#isCovered(node),
    }),
  );
  /** Elements that the filter finds; null while the server looks for them. */
  readonly hits = $derived.by(() => {
    if (this.query.isEmpty || this.#shown === null) return 0;
    if (this.#asksServer) return this.#answer?.hits ?? null;
    return countHits(this.#shown.nodes, this.query);
  });

  constructor(
    client: TagClient,
    onFailure: (failure: ApiError) => void,
    isCovered: (node: TagNode) => boolean = () => false,
  ) {
    this.#client = client;
    this.#isCovered = isCovered;
    this.#onFailure = onFailure;
  }

  get failure(): ApiError | null {
    return this.#failure ?? this.#searchFailure;
  }

  /** Whether there is anything to show yet. */
  get isReady(): boolean {
    return this.#shown !== null;
  }

  /** Whether the search found more than it gives. */
  get isSearchCut(): boolean {
    return this.#asksServer && this.#answer?.truncated === true;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    void this.#find(SETTLE_MS);
  }

  /** Opens or closes; what is open stays open from file to file. */
  toggle(key: string): void {
    if (!this.#turned.delete(key)) this.#turned.add(key);
  }

  /** Shows the tags of a frame, as soon as it is clear that it stays. */
  async show(ref: FrameRef): Promise<void> {
    const isSame = this.#wanted !== null && frameKey(ref) === frameKey(this.#wanted);
    if (isSame && this.#failure === null) return;
    this.#wanted = ref;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    try {
      await pause(this.#shown === null ? 0 : SETTLE_MS, signal);
      const nodes = this.#kept.get(ref.file) ?? (await this.#client.tags(ref.file, signal));
      const groups = nodes.some(({ tag }) => GROUP_TAGS.includes(tag))
        ? await this.#client.frameGroups(ref, signal)
        : { shared: [], per_frame: [] };
      signal.throwIfAborted();
      this.#keep(ref.file, nodes);
      this.#failure = null;
      if (this.#shown?.ref.file === ref.file) {
        this.#shown = { ...this.#shown, ref, groups };
        return;
      }
      this.#extended.clear();
      this.#answer = null;
      this.#shown = { ref, nodes, groups, isSearchable: isSearchable(nodes) };
      await this.#find(0);
    } catch (reason) {
      if (isAbort(reason) || signal.aborted) return;
      this.#shown = null;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }

  /** Takes up what a lost connection has left undone. */
  resume(): void {
    if (this.#failure !== null && this.#wanted !== null) void this.show(this.#wanted);
    else if (this.#searchFailure !== null) void this.#find(0);
  }

  /** Fetches the next part of a value that was cut. */
  async loadMore(path: string, current: TagValue): Promise<void> {
    const file = this.#shown?.ref.file;
    if (file === undefined) return;
    try {
      const value = await this.#slice(file, path, loadedLength(current), SLICE);
      if (file === this.#shown?.ref.file) this.#extended.set(path, joined(current, value));
    } catch (reason) {
      if (!isAbort(reason)) this.#onFailure(asApiError(reason));
    }
  }

  /** The whole value as the file holds it, to be copied. */
  async wholeText(path: string, current: TagValue): Promise<string> {
    const file = this.#shown?.ref.file;
    let value = current;
    while (file !== undefined && isCut(value) && loadedLength(value) < MOST_COPIED) {
      const before = loadedLength(value);
      value = joined(value, await this.#slice(file, path, before, COPY_SLICE));
      if (loadedLength(value) <= before) break;
    }
    return rawText(value);
  }

  async #slice(file: number, path: string, offset: number, limit: number): Promise<TagValue> {
    const { signal } = this.#request;
    return (await this.#client.tagSlice(file, path, { offset, limit }, signal)).value;
  }

  #sections(): TagSection[] {
    if (this.#shown === null) return [];
    const { ref, nodes, groups } = this.#shown;
    const frame = String(ref.frame_index);
    const file = { key: '', name: '', detail: '', path: '' };
    return [
      {
        key: 'frame',
        name: `Frame ${String(ref.frame_index + 1)}`,
        detail: 'what this frame has of its own',
        path: `52009230/${frame}/`,
        nodes: groups.per_frame,
      },
      {
        key: 'shared',
        name: 'All frames',
        detail: 'what they share',
        path: '52009229/0/',
        nodes: groups.shared,
      },
      this.#asksServer
        ? { ...file, nodes: this.#answer?.nodes ?? [], isAnswer: true }
        : { ...file, nodes },
    ];
  }

  /** Has the server look for what is searched for, where the tree is not whole. */
  async #find(wait_ms: number): Promise<void> {
    this.#search.abort();
    this.#search = new AbortController();
    const { signal } = this.#search;
    this.#searchFailure = null;
    if (!this.#asksServer || this.#shown === null) {
      this.#answer = null;
      return;
    }
    try {
      await pause(wait_ms, signal);
      const words = this.#filter.trim();
      const answer = await this.#client.tagSearch(this.#shown.ref.file, words, signal);
      if (!signal.aborted) this.#answer = answer;
    } catch (reason) {
      if (isAbort(reason) || signal.aborted) return;
      this.#answer = null;
      this.#searchFailure = asApiError(reason);
      this.#onFailure(this.#searchFailure);
    }
  }

  #keep(file: number, nodes: readonly TagNode[]): void {
    this.#kept.delete(file);
    this.#kept.set(file, nodes);
    const [oldest] = this.#kept.keys();
    if (this.#kept.size > MOST_KEPT && oldest !== undefined) this.#kept.delete(oldest);
  }
}

function isSearchable(nodes: readonly TagNode[]): boolean {
  let left = MOST_SEARCHED;
  const isWhole = (of: readonly TagNode[]): boolean =>
    of.every(({ value }) => {
      left -= 1;
      if (left < 0 || isCut(value)) return false;
      return value.type !== 'sequence' || value.items.every(isWhole);
    });
  return isWhole(nodes);
}
