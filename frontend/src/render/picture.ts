import { buildDisplayLut, computeDisplay, isSigned } from '../dicom/displayLut';
import type { DisplayRecipe, Voi } from '../dicom/recipe';
import { isTableSamples, type StoredFrame, type TableSamples } from '../dicom/storedFrame';

/**
 * What a renderer draws. The same arrays mean the same content: renderers
 * compare them by identity and upload them once.
 */
export type Picture = {
  /** Of what is drawn, which may be less than the frame has. */
  rows: number;
  columns: number;
  /** Pixels of the frame along the side of one pixel of these; 1 where nothing is said. */
  reduction?: number;
} & (
  | { kind: 'table'; samples: TableSamples; table: Uint8Array<ArrayBuffer>; colors: ColorTable }
  | { kind: 'gray'; values: Uint8Array<ArrayBuffer>; colors: ColorTable }
  | { kind: 'rgb'; values: Uint8Array }
  /** A preview has a smaller bitmap than the image has pixels. */
  | { kind: 'bitmap'; bitmap: ImageBitmap }
);

/** Red, green and blue of each display value; null for shades of grey. */
export type ColorTable = Uint8Array<ArrayBuffer> | null;

/** Whether two pictures hold the same arrays. */
export function isSamePicture(first: Picture, second: Picture): boolean {
  if (first.kind === 'table' && second.kind === 'table') {
    return (
      first.samples === second.samples &&
      first.table === second.table &&
      first.colors === second.colors
    );
  }
  if (first.kind === 'bitmap' && second.kind === 'bitmap') return first.bitmap === second.bitmap;
  if (first.kind === 'gray' && second.kind === 'gray') {
    return first.values === second.values && first.colors === second.colors;
  }
  return first.kind === 'rgb' && second.kind === 'rgb' && first.values === second.values;
}

/** A frame with all that its picture needs: its samples, or the picture that the server made. */
export interface PictureSource {
  rows: number;
  columns: number;
  recipe: DisplayRecipe;
  stored?: StoredFrame;
  /** Pixels of the frame along the side of one stored. */
  reduction?: number;
  /** May be smaller than the frame. */
  bitmap: ImageBitmap | null;
}

const KEPT_TABLES = 4;

/** Makes pictures; frames that share modality, window and inversion share one table. */
export class PictureMaker {
  readonly #tables = new Map<string, Uint8Array<ArrayBuffer>>();

  /** A picture of a frame; `voi` is null for colour, where what follows has no meaning either. */
  make(
    source: PictureSource,
    voi: Voi | null,
    isInverted: boolean,
    colors: ColorTable = null,
  ): Picture | null {
    const { stored, recipe, bitmap } = source;
    if (bitmap !== null) {
      return { kind: 'bitmap', rows: source.rows, columns: source.columns, bitmap };
    }
    if (stored === undefined) return null;
    const { samples, rows, columns } = stored;
    const size = { rows, columns, reduction: source.reduction ?? 1 };
    if (voi === null) {
      return samples instanceof Uint8Array ? { kind: 'rgb', ...size, values: samples } : null;
    }
    const steps = { modality: recipe.modality, voi, inverted: recipe.inverted !== isInverted };
    if (!isTableSamples(samples)) {
      return { kind: 'gray', ...size, values: computeDisplay(samples, steps), colors };
    }
    const signed = isSigned(samples);
    const key = JSON.stringify([steps, signed]);
    const table = this.#tables.get(key) ?? buildDisplayLut(steps, { isSigned: signed });
    this.#remember(key, table);
    return { kind: 'table', ...size, samples, table, colors };
  }

  #remember(key: string, table: Uint8Array<ArrayBuffer>): void {
    this.#tables.delete(key);
    this.#tables.set(key, table);
    const [oldest] = this.#tables.keys();
    if (this.#tables.size > KEPT_TABLES && oldest !== undefined) this.#tables.delete(oldest);
  }
}
