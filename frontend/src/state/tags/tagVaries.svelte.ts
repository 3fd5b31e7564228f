import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import type { Client, VaryingOver } from '../../api/client';
import { pause } from '../../api/pause';
import type { TagVariation } from '../../api/types.gen';
import { COVERED_TEXT, type Cover } from '../view/identity';
import { TagQuery } from './tagQuery';
import { columnsOf, type ColumnOrder } from './varyColumns';
import type { Scope, ScopeId } from './varyScopes';

/** While series fly past and choices are typed, nothing is read. */
const SETTLE_MS = 300;

type VaryClient = Pick<Client, 'varyingTags' | 'varyingTagsCsv'>;

/** What varies over files or frames. */
export class TagVaries {
  readonly #client: VaryClient;
  readonly #onFailure: (failure: ApiError) => void;
  readonly #isCovered: Cover;
  #request = new AbortController();
  #wanted: Scope | null = null;
  #variation = $state.raw<TagVariation | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #scopeId = $state<ScopeId | null>(null);

  /** Images that are chosen, such as `1-10, 15`; all where nothing is. */
  choice = $state('');
  filter = $state('');
  order = $state<ColumnOrder>('tag');
  /** Whether what does not vary is shown too. */
  isConstantOpen = $state(false);

  readonly query = $derived(new TagQuery(this.filter));
  readonly columns = $derived(
    this.#variation === null
      ? []
      : columnsOf(this.#variation, {
          query: this.query,
          order: this.order,
          isCovered: (element) => this.#isCovered(element),
        }),
  );

  /** What does not vary. */
  readonly constants = $derived(
    (this.#variation?.constant ?? []).map((tag) =>
      this.#isCovered(tag) ? { ...tag, value: COVERED_TEXT } : tag,
    ),
  );

  constructor(
    client: VaryClient,
    onFailure: (failure: ApiError) => void,
    isCovered: Cover = () => false,
  ) {
    this.#client = client;
    this.#isCovered = isCovered;
    this.#onFailure = onFailure;
  }

  /** null while it is on its way. */
  get variation(): TagVariation | null {
    return this.#variation;
  }

  get failure(): ApiError | null {
    return this.#failure;
  }

  /** The scope that was chosen, or the first there is. */
  scope(scopes: readonly Scope[]): Scope | null {
    return scopes.find(({ id }) => id === this.#scopeId) ?? scopes[0] ?? null;
  }

  choose(id: ScopeId): void {
    this.#scopeId = id;
  }

  /** Reads what varies in a scope, as soon as it is clear that it stays. */
  async show(scope: Scope): Promise<void> {
    if (this.#failure === null && this.#wanted !== null && isSame(scope, this.#wanted)) return;
    this.#wanted = scope;
    this.#request.abort();
    this.#request = new AbortController();
    const { signal } = this.#request;
    const isFirst = this.#variation === null;
    this.#variation = null;
    this.#failure = null;
    if (scope.over === null) return;
    try {
      await pause(isFirst ? 0 : SETTLE_MS, signal);
      const variation = await this.#client.varyingTags(scope.over, signal);
      if (!signal.aborted) this.#variation = variation;
    } catch (reason) {
      if (isAbort(reason) || signal.aborted) return;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }

  /** Takes up what a lost connection has left undone. */
  resume(): void {
    if (this.#failure !== null && this.#wanted !== null) void this.show(this.#wanted);
  }

  /** The whole table as CSV. */
  table(over: VaryingOver): Promise<Blob> {
    return this.#client.varyingTagsCsv(over);
  }
}

/** A series that has grown is another one. */
function isSame(first: Scope, second: Scope): boolean {
  return first.count === second.count && JSON.stringify(first.over) === JSON.stringify(second.over);
}
