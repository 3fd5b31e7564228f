import type { InstanceTable, SeriesDetail, SeriesRow, StackRow } from '../../api/types.gen';
import { fileName, visibleText } from '../../dicom/format';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { FramePlane } from '../../dicom/patientPoint';

/** What is known of one file of a series. */
export interface FileFacts {
  index: number;
  path: string;
  instance_number: string;
  rows: number;
  columns: number;
  frame_count: number;
  has_pixels: boolean;
  status: InstanceTable['status'][number];
  note: string;
}

/** Where a frame stands in its stack: which value of the dimension, and how far along its frames. */
export interface Place {
  value: number;
  position: number;
}

/** Frames that are scrolled through as one, or one object without an image. */
export class Stack {
  readonly row: StackRow;
  readonly series: number;
  /** Names the stack in the page. */
  readonly key: string;
  readonly label: string;
  /** The frames of each value of the dimension in the order of their positions; one list where there is none. */
  readonly lanes: readonly (readonly FrameRef[])[];
  /** Which position of the grid each frame of a lane has: lanes may have holes. */
  readonly #positions: readonly (readonly number[])[];
  readonly #places = new Map<string, Place>();
  /** Which entry of the row each frame is. */
  readonly #indices = new Map<string, number>();

  constructor(row: StackRow, series: number, label: string) {
    this.row = row;
    this.series = series;
    this.key = stackKey(series, row.key);
    this.label = label;
    const lanes: FrameRef[][] = [];
    const positions: number[][] = [];
    for (let value = 0; value < (row.dimension?.values.length ?? 1); value++) {
      lanes.push([]);
      positions.push([]);
    }
    if (row.has_pixels) {
      row.files.forEach((file, index) => {
        const value = row.dimension === null ? 0 : (row.dimension_index[index] ?? 0);
        const ref = { file, frame_index: row.frames[index] ?? 0 };
        const lane = lanes[value];
        if (lane === undefined) return;
        this.#places.set(frameKey(ref), { value, position: lane.length });
        this.#indices.set(frameKey(ref), index);
        lane.push(ref);
        positions[value]?.push(row.position_index[index] ?? index);
      });
    }
    this.lanes = lanes;
    this.#positions = positions;
  }

  get has_pixels(): boolean {
    return this.row.has_pixels;
  }

  placeOf(ref: FrameRef | null): Place | null {
    return ref === null ? null : (this.#places.get(frameKey(ref)) ?? null);
  }

  /** Where a frame lies in the patient; null where the file does not say. */
  planeOf(ref: FrameRef | null): FramePlane | null {
    const { geometry, positions_mm } = this.row;
    const position = positions_mm[this.#indices.get(ref === null ? '' : frameKey(ref)) ?? -1];
    const { row_spacing_mm, column_spacing_mm, orientation } = geometry ?? {};
    if (position === undefined || !orientation || !row_spacing_mm || !column_spacing_mm)
      return null;
    return { position, orientation, row_spacing_mm, column_spacing_mm };
  }

  /** Names the coordinate system of the planes; empty where nothing is known of it. */
  get frameOfReference(): string {
    return this.row.geometry?.frame_of_reference_uid ?? '';
  }

  /** The frame of another value at the same position, or the nearest there is. */
  across(from: Place, value: number): FrameRef | null {
    const wanted = this.#positions[from.value]?.[from.position];
    const positions = this.#positions[value] ?? [];
    if (wanted === undefined || positions.length === 0) return null;
    let best = 0;
    for (let index = 1; index < positions.length; index++) {
      const distance = Math.abs((positions[index] ?? 0) - wanted);
      if (distance < Math.abs((positions[best] ?? 0) - wanted)) best = index;
    }
    return this.lanes[value]?.[best] ?? null;
  }

  /** The frames at one position, one for each value. */
  column(from: Place): FrameRef[] {
    return this.lanes.flatMap((lane, value) =>
      value === from.value ? (lane[from.position] ?? []) : (this.across(from, value) ?? []),
    );
  }
}

/** The files and stacks of one series, as they were when it was asked for. */
export class SeriesContent {
  readonly row: SeriesRow;
  readonly stacks: readonly Stack[];
  readonly #instances: InstanceTable;
  readonly #ranks: ReadonlyMap<number, number>;

  constructor({ series, instances, stacks }: SeriesDetail) {
    this.row = series;
    this.#instances = instances;
    this.#ranks = new Map(instances.index.map((index, rank) => [index, rank]));
    this.stacks = stacks.map((row) => new Stack(row, series.index, this.#labelOf(row)));
  }

  get fileCount(): number {
    return this.#instances.index.length;
  }

  stack(key: string): Stack | null {
    return this.stacks.find((stack) => stack.key === key) ?? null;
  }

  /** The stack that holds a frame, or the object in its file, if it is one of this series. */
  stackOf(ref: FrameRef | null): Stack | null {
    const held = this.stacks.find((stack) => stack.placeOf(ref) !== null);
    const object = ({ has_pixels, row }: Stack) =>
      !has_pixels && ref !== null && row.files.includes(ref.file);
    return held ?? this.stacks.find(object) ?? null;
  }

  file(index: number): FileFacts | null {
    const rank = this.#ranks.get(index);
    if (rank === undefined) return null;
    const table = this.#instances;
    return {
      index,
      path: pathBelow(this.row.folder, table.path[rank] ?? ''),
      instance_number: table.instance_number[rank] ?? '',
      rows: table.rows[rank] ?? 0,
      columns: table.columns[rank] ?? 0,
      frame_count: table.frame_count[rank] ?? 0,
      has_pixels: table.has_pixels[rank] ?? false,
      status: table.status[rank] ?? 'shown',
      note: table.note[rank] ?? '',
    };
  }

  #labelOf({ label, files }: StackRow): string {
    return visibleText(label) || fileName(this.file(files[0] ?? -1)?.path ?? '');
  }
}

export function stackKey(series: number, key: string): string {
  return `series/${String(series)}/${key}`;
}

/** A path below a folder, with the separator that the folder has. */
export function pathBelow(folder: string, path: string): string {
  const separator = folder.includes('\\') && !folder.includes('/') ? '\\' : '/';
  return folder === '' || folder.endsWith(separator) ? folder + path : folder + separator + path;
}
