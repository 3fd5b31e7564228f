import { SvelteSet } from 'svelte/reactivity';

import { asApiError, isAbort, type ApiError } from '../api/apiError';
import type { Client } from '../api/client';
import type { FileEntry, FileList } from '../api/types.gen';
import { buildTree, stacksOf, type Stack } from './tree';
import { SIDE_GROUPS, treeRows } from './treeRows';

const FIRST_POLL_MS = 250;
const SLOWEST_POLL_MS = 2_000;

/** The list of files as the server knows it, and how it is shown. */
export class Study {
  readonly #client: Pick<Client, 'files'>;
  #list = $state.raw<FileList | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  /** Closed branches; what is no image is there to be looked up, not to be in the way. */
  readonly #collapsed = new SvelteSet<string>(SIDE_GROUPS);

  filter = $state('');

  readonly tree = $derived(buildTree(this.#list?.files ?? []));
  readonly stacks = $derived(new Map(stacksOf(this.tree).map((stack) => [stack.key, stack])));
  readonly listing = $derived(
    treeRows(this.tree, this.#list?.skipped_files ?? [], {
      filter: this.filter,
      isCollapsed: (key) => this.#collapsed.has(key),
    }),
  );
  /** Stacks that the filter leaves, in the order of the list, whether their branches are open or not. */
  readonly visibleStacks: readonly Stack[] = $derived.by(() => {
    const { rows } = treeRows(this.tree, [], { filter: this.filter, isCollapsed: () => false });
    return rows.flatMap(({ stack }) => stack ?? []);
  });
  readonly #files = $derived(new Map((this.#list?.files ?? []).map((file) => [file.index, file])));

  constructor(client: Pick<Client, 'files'>) {
    this.#client = client;
  }

  get list(): FileList | null {
    return this.#list;
  }

  /** Why there is no list. */
  get failure(): ApiError | null {
    return this.#failure;
  }

  file(index: number): FileEntry | undefined {
    return this.#files.get(index);
  }

  toggle(key: string): void {
    if (!this.#collapsed.delete(key)) this.#collapsed.add(key);
  }

  /**
   * Fetches the list, again and again while the server still scans. Ends with
   * the scan, with a failure, or with the signal; `onList` hears of each list.
   */
  async follow(onList: (list: FileList) => void, signal: AbortSignal): Promise<void> {
    let pause = FIRST_POLL_MS;
    try {
      for (;;) {
        const started = performance.now();
        const list = await this.#client.files(signal);
        this.#list = list;
        this.#failure = null;
        onList(list);
        if (list.scan_complete) return;
        // A list that takes long to send is not asked for back to back.
        await sleep(Math.max(pause, performance.now() - started), signal);
        pause = Math.min(pause * 1.5, SLOWEST_POLL_MS);
      }
    } catch (reason) {
      if (isAbort(reason)) return;
      this.#failure = asApiError(reason);
    }
  }
}

function sleep(duration_ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, duration_ms);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
