import { asApiError } from '../../api/apiError';
import type { FrameRef } from '../../dicom/frameRef';
import type { Roi } from '../../dicom/roi';
import type { OverlapOf } from '../../dicom/shapeOverlap';
import { boundsOf } from '../../dicom/shapes';
import { roiKey, type RoiEntry } from './fileRois.svelte';
import type { RoiBook } from './roiBook.svelte';
import {
  countMatches,
  matchFile,
  type FrameMatches,
  type Match,
  type MatchCounts,
  type Outcome,
} from './roiMatch';
import type { RoiSync } from './roiSync.svelte';

/** Something that the two layers do not agree on. */
export interface Disagreement {
  key: string;
  level: 1;
  ref: FrameRef;
  match: Match;
  /** Keys of the ROIs that it is about. */
  roiKeys: readonly string[];
}

interface FileMatches {
  entries: readonly RoiEntry[];
  /** The frame count and all that was chosen, as text. */
  made: string;
  frames: readonly FrameMatches[];
}

/** Predictions of one layer beside the truth of another one, in all files. */
export class Comparison {
  readonly #rois: RoiBook;
  readonly #sync: Pick<RoiSync, 'overview' | 'loadAll'>;
  readonly #known = new Map<number, FileMatches>();
  truth = $state('');
  /** null while nothing is compared. */
  #predictions = $state<string | null>(null);
  threshold = $state(0.5);
  of = $state<OverlapOf>('outlines');
  isByLabel = $state(true);
  #isLoading = $state(false);
  #failure = $state('');

  readonly files: ReadonlyMap<number, readonly FrameMatches[]> = $derived.by(() => {
    const predictions = this.#predictions;
    if (predictions === null) return new Map();
    return new Map(
      this.#rois.files.map(({ file, entries }) => [
        file,
        this.#matchesOf(file, entries, predictions),
      ]),
    );
  });

  readonly #matches: readonly Match[] = $derived(
    [...this.files.values()].flatMap((frames) => frames.flatMap(({ matches }) => matches)),
  );

  readonly counts: MatchCounts = $derived(countMatches(this.#matches));

  constructor(rois: RoiBook, sync: Pick<RoiSync, 'overview' | 'loadAll'>) {
    this.#rois = rois;
    this.#sync = sync;
  }

  get predictions(): string | null {
    return this.#predictions;
  }

  get isOn(): boolean {
    return this.#predictions !== null;
  }

  /** The ROIs of some files are still on their way. */
  get isLoading(): boolean {
    return this.#isLoading;
  }

  /** Why not all could be fetched; empty where they are there. */
  get failure(): string {
    return this.#failure;
  }

  /** Compares a layer with the truth, in all files; null ends it. */
  async choose(predictions: string | null): Promise<void> {
    this.#predictions = predictions;
    if (predictions === null || this.#isLoading) return;
    this.#isLoading = true;
    this.#failure = '';
    try {
      await this.#sync.loadAll();
    } catch (reason) {
      this.#failure = asApiError(reason).message;
    } finally {
      this.#isLoading = false;
    }
  }

  /** What became of an ROI on a frame; null where it is not compared. */
  outcomeOf(roi: Roi, { file, frame_index }: FrameRef): Outcome | null {
    const frames = this.files.get(file) ?? [];
    // Frames that no ROI names are all like the first of them.
    const frame =
      frames.find((each) => each.frame_index === frame_index) ??
      frames.find(({ matches }) => matches.every(isOnAll));
    return frame?.outcomes.get(roi.id) ?? null;
  }

  /** All that they do not agree on, in an order of the files. */
  disagreements(orderOf: (ref: FrameRef) => readonly number[]): readonly Disagreement[] {
    const found = [...this.files].flatMap(([file, frames]) =>
      frames.flatMap(({ frame_index, matches }) => {
        const ref = { file, frame_index };
        const order = orderOf(ref);
        return matches
          .filter(({ outcome }) => outcome !== 'matched')
          .map((match) => ({ order: [...order, ...placeIn(match)], match, ref }));
      }),
    );
    found.sort((one, other) => compareLists(one.order, other.order));
    return found.map(({ match, ref }): Disagreement => {
      const roiKeys = [match.truth, match.prediction].flatMap((roi) =>
        roi === null ? [] : [roiKey(ref.file, roi.id)],
      );
      const key = `${roiKeys.join(' ')} ${String(ref.frame_index)}`;
      return { key, level: 1, ref, match, roiKeys };
    });
  }

  #matchesOf(
    file: number,
    entries: readonly RoiEntry[],
    predictions: string,
  ): readonly FrameMatches[] {
    const { truth, threshold, of, isByLabel } = this;
    const { leastScore } = this.#rois;
    const frameCount = this.#sync.overview.get(file)?.frame_count ?? null;
    const choices = { truth, predictions, threshold, of, isByLabel, leastScore, frameCount };
    const made = Object.values(choices).map(String).join('\n');
    const known = this.#known.get(file);
    if (known?.entries === entries && known.made === made) return known.frames;
    const rois = entries.map(({ roi }) => roi);
    const options = { threshold, of, isByLabel, leastScore };
    const frames = matchFile(rois, { truth, predictions }, options, frameCount);
    this.#known.set(file, { entries, made, frames });
    return frames;
  }
}

function isOnAll({ truth, prediction }: Match): boolean {
  return [truth, prediction].every((roi) => roi === null || roi.frames === 'all');
}

/** From the top down, and from left to right. */
function placeIn({ truth, prediction }: Match): readonly number[] {
  const { top, left } = boundsOf((truth ?? prediction)?.shape.points ?? []);
  return [top, left];
}

/** Negative where the first list of numbers comes first. */
export function compareLists(one: readonly number[], other: readonly number[]): number {
  const place = one.findIndex((value, index) => value !== other[index]);
  return place < 0 ? one.length - other.length : (one[place] ?? 0) - (other[place] ?? 0);
}
