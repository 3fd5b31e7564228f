import { SvelteSet } from 'svelte/reactivity';

import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client } from '../../api/client';
import { pause } from '../../api/pause';
import type { TagComparison } from '../../api/types.gen';
import { frameKey } from '../../dicom/frameRef';
import { compareRows } from './compareRows';
import type { Cover } from '../view/identity';
import type { Partner, Spot } from './tagPartners';
import { TagQuery } from './tagQuery';

/** While frames fly past, nothing is compared. */
const SETTLE_MS = 150;

type CompareClient = Pick<Client, 'comparedTags' | 'comparedTagsCsv'>;

/** Two files or frames in the order in which they are compared. */
export interface Pair {
  first: Spot;
  second: Spot;
}

/** The tags of two files side by side. */
export class TagCompare {
  readonly #client: CompareClient;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #turned = new SvelteSet<string>();
  readonly #isCovered: Cover;
  #request = new AbortController();
  #pinned = $state.raw<Spot | null>(null);
  #wanted: Pair | null = null;
  #comparison = $state.raw<TagComparison | null>(null);
  #failure = $state.raw<ApiError | null>(null);

  /** With which partner the frame on screen is compared. */
  partnerId = $state('next');
  /** Whether what is the same is shown too. */
  isWhole = $state(false);
  filter = $state('');
  /** Characters in a line of a long value. */
  lineLength = $state(48);

  readonly query = $derived(new TagQuery(this.filter));
  readonly rows = $derived(
    this.#comparison === null
      ? []
      : compareRows(this.#comparison, {
          isWhole: this.isWhole,
          query: this.query,
          isTurned: (key) => this.#turned.has(key),
          lineLength: this.lineLength,
          isCovered: (element) => this.#isCovered(element),
        }),
  );

  constructor(
    client: CompareClient,
    onFailure: (failure: ApiError) => void,
    isCovered: Cover = () => false,
  ) {
    this.#client = client;
    this.#isCovered = isCovered;
    this.#onFailure = onFailure;
  }

  /** null while it is on its way; the last one stays until the next is there. */
  get comparison(): TagComparison | null {
    return this.#comparison;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  /** What the frames on screen are compared with from now on. */
  get pinned(): Spot | null {
    return this.#pinned;
  }

  /** Compares whatever is looked at from now on with a frame. */
  pin(spot: Spot): void {
    this.#pinned = spot;
    this.partnerId = 'pinned';
  }

  /** The partner that was chosen, or the first there is. */
  partner(partners: readonly Partner[]): Partner | null {
    return partners.find(({ id }) => id === this.partnerId) ?? partners[0] ?? null;
  }

  /** What is compared: a pinned frame comes first, other partners second. */
  pair(here: Spot | null, partners: readonly Partner[]): Pair | null {
    const partner = this.partner(partners);
    if (here === null || partner === null) return null;
    return partner.id === 'pinned'
      ? { first: partner.spot, second: here }
      : { first: here, second: partner.spot };
  }

  toggle(key: string): void {
    if (!this.#turned.delete(key)) this.#turned.add(key);
  }

  /** Compares two frames, as soon as it is clear that they stay. */
  async show(pair: Pair): Promise<void> {
    if (this.#failure === null && this.#wanted !== null && keyOf(pair) === keyOf(this.#wanted)) {
      return;
    }
    this.#wanted = pair;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    try {
      await pause(this.#comparison === null ? 0 : SETTLE_MS, signal);
      const { first, second } = pair;
      const comparison = await this.#client.comparedTags(first.ref, second.ref, signal);
      signal.throwIfAborted();
      this.#comparison = comparison;
      this.#failure = null;
    } catch (reason) {
      if (isAbort(reason) || signal.aborted) return;
      this.#comparison = null;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }

  /** Takes up what a lost connection has left undone. */
  resume(): void {
    if (this.#failure !== null && this.#wanted !== null) void this.show(this.#wanted);
  }

  /** The whole comparison as CSV. */
  table({ first, second }: Pair): Promise<Blob> {
    return this.#client.comparedTagsCsv(first.ref, second.ref);
  }
}

function keyOf({ first, second }: Pair): string {
  return `${frameKey(first.ref)} ${frameKey(second.ref)}`;
}
