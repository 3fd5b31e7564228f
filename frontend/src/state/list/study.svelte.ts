import { ApiError, asApiError, isAbort } from '../../api/apiError';
import type { Client } from '../../api/client';
import { pause } from '../../api/pause';
import type { SeriesList } from '../../api/types.gen';
import { fileName } from '../../dicom/format';
import {
  Catalog,
  type PartNode,
  type PatientNode,
  type SeriesNode,
  type StudyNode,
} from './catalog';
import { folderTree, isBelow, seriesInFolders, type FolderNode } from './folders';
import { Matcher, prepareSearch, type MarkTest } from './matcher';
import type { SeriesContent, Stack } from '../view/seriesContent';
import type { Skipped } from './skipped.svelte';
import { inSlices } from './slices';
import { SIDE_GROUPS, treeItems } from './treeItems';

/** A line that broke off is taken up again after this long before anybody is told. */
const TAKE_UP_MS = 500;

/** A modality that a filter can name without quotes. */
const CODE = /^[A-Z0-9_]{1,16}$/;

type ListClient = Pick<Client, 'followSeries'>;

/** How series stand in the list: by patient and study, or by folder. */
type ListOrder = 'clinical' | 'folder';

/** The list of series as the server knows it, and how it is shown. */
export class Study {
  readonly #client: ListClient;
  readonly #skipped: Pick<Skipped, 'paths' | 'open'>;
  /** Plain and changed in place, for it can be large; the number tells Svelte that it has changed. */
  readonly #catalog = new Catalog();
  #version = $state(0);
  #scan = $state.raw<SeriesList | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #isWhole = false;
  /** Closed branches; what is no image is there to be looked up, not to be in the way. */
  #collapsed = $state.raw<ReadonlySet<string>>(new Set(SIDE_GROUPS.map(({ key }) => key)));
  #filter = $state('');
  #matcher = $state.raw(new Matcher(''));
  readonly #isMarkedAs: MarkTest;
  #preparation = new AbortController();
  #searching = Promise.resolve();
  order = $state<ListOrder>('clinical');

  readonly #folders: readonly FolderNode[] | null = $derived.by(() => {
    void this.#version;
    return this.order === 'folder' ? folderTree(this.#catalog.inStudies()) : null;
  });

  readonly listing = $derived.by(() => {
    void this.#version;
    return treeItems(this.#catalog, this.#skipped.paths, {
      matcher: this.#matcher,
      isCollapsed: (key) => this.#collapsed.has(key),
      folders: this.#folders,
    });
  });

  /** `isMarkedAs` tells whether marks of triage of a series are what a word asks for. */
  constructor(
    client: ListClient,
    skipped: Pick<Skipped, 'paths' | 'open'>,
    isMarkedAs: MarkTest = () => false,
  ) {
    this.#isMarkedAs = isMarkedAs;
    this.#client = client;
    this.#skipped = skipped;
  }

  /** How far the scan has come: the last part of the list, whose rows are those that changed last. */
  get scan(): SeriesList | null {
    return this.#scan;
  }

  /** Why there is no list, or no more of it. */
  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Whether the server has said all that it will. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  get filter(): string {
    return this.#filter;
  }

  set filter(text: string) {
    this.#filter = text;
    this.#searching = this.#search(text);
  }

  /** Resolves when the list stands as the filter wants it. */
  get filtered(): Promise<void> {
    return this.#searching;
  }

  /** A series with its place in the list. */
  series(index: number): SeriesNode | null {
    void this.#version;
    return this.#catalog.series(index) ?? null;
  }

  /** The series of a part of the list that pass the filter, in its order; null for all of them. */
  seriesOf(place: PatientNode | StudyNode | { kind: 'folder'; path: string } | null): SeriesNode[] {
    void this.#version;
    return [...this.#inOrder()].filter((node) => isIn(node, place) && this.#matcher.matches(node));
  }

  /** The first series that holds an image, or the first object where there is none. */
  first(options: { hasImage: boolean }): SeriesNode | null {
    for (const node of this.#inOrder()) {
      if (!options.hasImage || node.row.image_count > 0) return node;
    }
    return null;
  }

  /** The series before or after another one among those that the filter leaves, in open and closed branches. */
  neighbour(index: number | null, distance: 1 | -1): SeriesNode | null {
    let previous: SeriesNode | null = null;
    let first: SeriesNode | null = null;
    let isNext = false;
    for (const node of this.#inOrder()) {
      if (!this.#matcher.matches(node)) continue;
      if (isNext) return node;
      first ??= node;
      if (node.row.index === index) {
        if (distance < 0) return previous;
        isNext = true;
      }
      previous = node;
    }
    return isNext ? null : first;
  }

  /** Every series with images in the order of the list, whether it passes the filter or not. */
  images(): SeriesNode[] {
    void this.#version;
    return [...this.#inOrder()].filter(({ row }) => row.image_count > 0);
  }

  /**
   * The next series that the filter leaves and that is wanted, from one on that need not
   * pass itself, and round the end of the list; never that one.
   */
  next(
    index: number,
    distance: 1 | -1,
    isWanted: (node: SeriesNode) => boolean,
  ): SeriesNode | null {
    const nodes = [...this.#inOrder()];
    if (distance < 0) nodes.reverse();
    const here = nodes.findIndex(({ row }) => row.index === index);
    const onwards = [...nodes.slice(here + 1), ...nodes.slice(0, Math.max(0, here))];
    return onwards.find((node) => isWanted(node) && this.#matcher.matches(node)) ?? null;
  }

  /** The modalities in the list, the most frequent first; only codes as the Standard has them. */
  readonly modalities: readonly { modality: string; count: number }[] = $derived.by(() => {
    void this.#version;
    const counts = new Map<string, number>();
    for (const { row } of this.#catalog.inOrder()) {
      const modality = row.modality.trim();
      if (CODE.test(modality)) counts.set(modality, (counts.get(modality) ?? 0) + 1);
    }
    return [...counts]
      .map(([modality, count]) => ({ modality, count }))
      .sort((first, second) => second.count - first.count);
  });

  isExpanded(key: string): boolean {
    return !this.#matcher.isEmpty || !this.#collapsed.has(key);
  }

  toggle(key: string): void {
    const collapsed = new Set(this.#collapsed);
    if (!collapsed.delete(key)) collapsed.add(key);
    this.#collapsed = collapsed;
    const group = SIDE_GROUPS.find((side) => side.key === key);
    if (group !== undefined && !collapsed.has(key)) this.#skipped.open(group.end);
  }

  /** Lists the stacks of a series below it, where they are several. */
  showParts(content: SeriesContent): void {
    const node = this.#catalog.series(content.row.index);
    if (node === undefined) return;
    const { stacks } = content;
    if (stacks.length < 2 && node.parts.length === 0) return;
    node.parts =
      stacks.length < 2
        ? []
        : stacks.map((stack, at) => partOf(node, stack, coveredPart(content, stack, at)));
    this.#version += 1;
  }

  /**
   * Takes in the list and what is added to it, as long as there is more to
   * come. Ends with the scan, with a failure, or with the signal; `onList`
   * hears of each part.
   */
  async follow(onList: (list: SeriesList) => void, signal: AbortSignal): Promise<void> {
    for (;;) {
      let hasLines = false;
      try {
        for await (const list of this.#client.followSeries(this.#scan?.revision ?? 0, signal)) {
          // Another server in the same place is no continuation.
          if (list.server_start_ms !== (this.#scan ?? list).server_start_ms) throw brokenOff();
          hasLines = true;
          await this.#take(list, onList, signal);
          // Lines that have piled up are not taken in at one go.
          await pause(0, signal);
        }
        if (this.#scan?.scan_complete !== true) throw brokenOff();
        this.#isWhole = true;
        return;
      } catch (reason) {
        if (isAbort(reason)) return;
        const failure = asApiError(reason);
        if (!hasLines || !failure.isUnreachable) {
          this.#failure = failure;
          return;
        }
      }
      // Proxies end what is silent for long.
      await pause(TAKE_UP_MS, signal).catch(() => undefined);
      if (signal.aborted) return;
    }
  }

  /** All series as they stand in the list. */
  *#inOrder(): Generator<SeriesNode> {
    if (this.#folders === null) yield* this.#catalog.inStudies();
    else yield* seriesInFolders(this.#folders);
    yield* this.#catalog.unattached;
  }

  async #take(
    list: SeriesList,
    onList: (list: SeriesList) => void,
    signal: AbortSignal,
  ): Promise<void> {
    await inSlices(this.#catalog.take(list), signal);
    this.#scan = list;
    this.#failure = null;
    this.#version += 1;
    // Before the list is drawn, so that what is asked for in answer goes out at once.
    onList(list);
  }

  /** Puts a filter into force as soon as all series can be searched quickly. */
  async #search(text: string): Promise<void> {
    this.#preparation.abort();
    this.#preparation = new AbortController();
    const { signal } = this.#preparation;
    const matcher = new Matcher(text, this.#isMarkedAs);
    if (!matcher.isEmpty) {
      for (const { end } of SIDE_GROUPS) this.#skipped.open(end);
      await inSlices(prepareSearch(this.#catalog.inOrder()), signal)?.catch(() => undefined);
    }
    if (!signal.aborted) this.#matcher = matcher;
  }
}

function isIn(
  { row, study }: SeriesNode,
  place: PatientNode | StudyNode | { kind: 'folder'; path: string } | null,
): boolean {
  if (place === null) return true;
  if (place.kind === 'folder') return isBelow(row.folder, place.path);
  return place.kind === 'study' ? study === place : study?.patient === place;
}

/** What a stack is called without the name of its file, which may be that of the patient. */
function coveredPart(content: SeriesContent, { row, label }: Stack, at: number): string {
  const name = fileName(content.file(row.files[0] ?? -1)?.path ?? '');
  return name !== '' && label.includes(name) ? `Part ${String(at + 1)}` : label;
}

function partOf(series: SeriesNode, stack: Stack, coveredLabel: string): PartNode {
  const { row, key, label } = stack;
  return {
    kind: 'part',
    key,
    level: 4,
    series,
    stackKey: key,
    label,
    coveredLabel,
    files: [...new Set(row.files)],
    count: row.has_pixels ? String(row.files.length) : '',
    has_pixels: row.has_pixels,
    warnings: row.warnings,
  };
}

function brokenOff(): ApiError {
  return new ApiError('the list of the server broke off', 'unreachable', 0);
}
