import { asApiError, isAbort, type ApiError } from '../../api/apiError';
import { pause } from '../../api/pause';
import type { SeriesRow } from '../../api/types.gen';
import type { ThumbnailStore } from '../../frames/thumbnailStore';
import type { PatientNode, SeriesNode, StudyNode } from './catalog';
import { coveredLabel } from '../view/identity';
import type { Details } from '../view/details';
import { Scrub } from './scrub.svelte';
import type { SeriesContent } from '../view/seriesContent';
import { frameItems, type SheetItem } from './sheetCells';
import type { Study } from './study.svelte';
import type { TreeItem } from './treeItems';

/** While a series grows it is asked for again this often at the most. */
const RENEW_INTERVAL_MS = 1_000;

/** Sizes of a picture and the steps between them, in CSS pixels. */
export const SIZES = { least: 64, most: 320, step: 32 };

/** The part of the list that a sheet shows: a cell a series, or a cell a frame of one. */
export type SheetPlace =
  | { kind: 'all' }
  | { kind: 'folder'; path: string; label: string }
  | PatientNode
  | StudyNode
  | { kind: 'frames'; series: SeriesNode; stackKey: string | null };

/** A place on the way from the whole list to the one that is shown. */
interface Crumb {
  label: string;
  place: SheetPlace;
}

/** A part of the list as a grid of small pictures. */
export class ContactSheet {
  readonly scrub: Scrub;
  readonly #study: Pick<Study, 'seriesOf'>;
  readonly #details: Details;
  readonly #onFailure: (failure: ApiError) => void;
  #place = $state.raw<SheetPlace | null>(null);
  #size = $state(128);
  #content = $state.raw<SeriesContent | null>(null);
  #failure = $state.raw<ApiError | null>(null);
  #isStale = false;
  #focus: (item: SheetItem) => void = () => undefined;

  /** The cell that has the focus or had it last. */
  focused = $state.raw<SheetItem | null>(null);

  #life = new AbortController();

  readonly items: readonly SheetItem[] = $derived.by(() => {
    const place = this.#place;
    if (place === null) return [];
    if (place.kind === 'all') return this.#study.seriesOf(null);
    if (place.kind !== 'frames') return this.#study.seriesOf(place);
    return this.#content === null ? [] : frameItems(this.#content, place.stackKey);
  });

  readonly crumbs: readonly Crumb[] = $derived(this.#place === null ? [] : crumbsTo(this.#place));

  constructor(
    study: Pick<Study, 'seriesOf'>,
    makeDetails: () => Details,
    thumbnails: ThumbnailStore,
    onFailure: (failure: ApiError) => void,
  ) {
    this.#study = study;
    this.#details = makeDetails();
    this.#onFailure = onFailure;
    this.scrub = new Scrub(makeDetails(), thumbnails);
  }

  get isOpen(): boolean {
    return this.#place !== null;
  }

  get place(): SheetPlace | null {
    return this.#place;
  }

  /** The series whose frames are shown, as far as it is known. */
  get content(): SeriesContent | null {
    return this.#content;
  }

  /** Why the frames of a series cannot be had. */
  get failure(): ApiError | null {
    return this.#failure;
  }

  /** Whether the frames of a series are on their way. */
  get isLoading(): boolean {
    return this.#place?.kind === 'frames' && this.#content === null && this.#failure === null;
  }

  /** Longer side of a picture, in CSS pixels. */
  get size(): number {
    return this.#size;
  }

  set size(size: number) {
    this.#size = Math.min(Math.max(size, SIZES.least), SIZES.most);
  }

  /** Tells how a cell gets the focus. */
  onFocus(focus: (item: SheetItem) => void): void {
    this.#focus = focus;
  }

  /** Gives the focus to a cell. */
  focus(item: SheetItem): void {
    this.#focus(item);
  }

  open(place: SheetPlace): void {
    this.close();
    this.#place = place;
    if (place.kind === 'frames') void this.#fetch(place.series.row.index);
  }

  close(): void {
    this.scrub.leave();
    this.#life.abort();
    this.#life = new AbortController();
    this.#details.keep([]);
    this.#place = null;
    this.#content = null;
    this.#failure = null;
    this.#isStale = false;
    this.focused = null;
  }

  /** Asks again for what could not be had. */
  retry(): void {
    if (this.#place !== null && this.#failure !== null) this.open(this.#place);
  }

  /** Takes note of series that are new or have changed. */
  note(rows: readonly SeriesRow[]): void {
    const place = this.#place;
    if (place?.kind !== 'frames' || this.#isStale) return;
    if (!rows.some(({ index }) => index === place.series.row.index)) return;
    this.#isStale = true;
    void this.#renew(place.series.row.index, this.#life.signal);
  }

  async #renew(series: number, signal: AbortSignal): Promise<void> {
    try {
      await pause(RENEW_INTERVAL_MS, signal);
    } catch {
      return;
    }
    this.#isStale = false;
    this.#details.forget(series);
    await this.#fetch(series);
  }

  async #fetch(series: number): Promise<void> {
    const { signal } = this.#life;
    try {
      const content = await this.#details.fetch(series);
      if (signal.aborted) return;
      this.#content = content;
      this.#failure = null;
    } catch (reason) {
      if (signal.aborted || isAbort(reason)) return;
      this.#failure = asApiError(reason);
      this.#onFailure(this.#failure);
    }
  }
}

/** Where a line of the list leads; null for those that hold no series. */
export function placeOf(item: TreeItem): SheetPlace | null {
  switch (item.kind) {
    case 'patient':
    case 'study':
      return item;
    case 'folder':
      return { kind: 'folder', path: item.path, label: item.label };
    case 'series':
      return item.row.image_count === 0 ? null : { kind: 'frames', series: item, stackKey: null };
    case 'part':
      return item.has_pixels
        ? { kind: 'frames', series: item.series, stackKey: item.stackKey }
        : null;
    default:
      return null;
  }
}

/** What a step of the way is called; while identity is hidden, not by people, dates and folders. */
export function crumbText({ label, place }: Crumb, { isIdentityHidden = false } = {}): string {
  if (!isIdentityHidden || place.kind === 'all') return label;
  if (place.kind !== 'frames') return coveredLabel(place);
  const part = place.series.parts.find(({ stackKey }) => stackKey === place.stackKey);
  return part?.coveredLabel ?? coveredLabel(place.series);
}

function crumbsTo(place: SheetPlace): Crumb[] {
  switch (place.kind) {
    case 'all':
      return [{ label: 'All series', place }];
    case 'folder':
    case 'patient':
      return [...crumbsTo({ kind: 'all' }), { label: place.label, place }];
    case 'study':
      return [...crumbsTo(place.patient), { label: place.label, place }];
    case 'frames': {
      const { series, stackKey } = place;
      const whole: SheetPlace = { kind: 'frames', series, stackKey: null };
      const above = series.study === null ? crumbsTo({ kind: 'all' }) : crumbsTo(series.study);
      const crumbs = [...above, { label: series.label, place: whole }];
      const part = series.parts.find((each) => each.stackKey === stackKey);
      return part === undefined ? crumbs : [...crumbs, { label: part.label, place }];
    }
  }
}
