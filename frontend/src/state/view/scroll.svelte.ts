import type { StackDimension } from '../../api/types.gen';
import type { FrameRef } from '../../dicom/frameRef';
import type { PlaneImage } from '../../dicom/plane';
import type { FileFacts, Place, SeriesContent, Stack } from './seriesContent';

/** Frames that lie in the direction of travel, and where in them the wanted one is. */
export interface Line {
  refs: readonly FrameRef[];
  position: number;
  direction: 1 | -1;
}

/** Which frame of which stack is wanted. */
export class Scroll {
  #content = $state.raw<SeriesContent | null>(null);
  #stackKey = $state<string | null>(null);
  #ref = $state.raw<FrameRef | null>(null);

  readonly stack: Stack | null = $derived(
    this.#content?.stack(this.#stackKey ?? '') ?? this.#content?.stackOf(this.#ref) ?? null,
  );
  readonly #place: Place | null = $derived(this.stack?.placeOf(this.#ref) ?? null);
  /** Which value of the dimension the frame has, from 0. */
  readonly value: number = $derived(this.#place?.value ?? 0);
  /** The frames that the wheel goes through: those of one value of the dimension. */
  readonly frames: readonly FrameRef[] = $derived(this.stack?.lanes[this.value] ?? []);
  /** Position of the wanted frame among them, from 0. */
  readonly position: number = $derived(this.#place?.position ?? 0);
  /** The file that the viewport and the tags are about. */
  readonly file: FileFacts | null = $derived(
    this.fileOf(this.#ref?.file ?? this.stack?.row.files[0] ?? -1),
  );

  get ref(): FrameRef | null {
    return this.#ref;
  }

  get dimension(): StackDimension | null {
    return this.stack?.row.dimension ?? null;
  }

  /** A file of the open series. */
  fileOf(index: number): FileFacts | null {
    return this.#content?.file(index) ?? null;
  }

  /** The rectangle that a frame fills in the patient; null where that is not known. */
  imageOf(ref: FrameRef | null): PlaneImage | null {
    const plane = this.stack?.planeOf(ref) ?? null;
    const file = this.fileOf(ref?.file ?? -1);
    return plane && file && { ...plane, rows: file.rows, columns: file.columns };
  }

  placeOf(ref: FrameRef | null): Place | null {
    return this.stack?.placeOf(ref) ?? null;
  }

  /** Begins a stack at one of its frames or at the first, which is given back. */
  enter(content: SeriesContent, stack: Stack, at: FrameRef | null = null): FrameRef | null {
    this.#content = content;
    this.#stackKey = stack.key;
    this.#ref = stack.placeOf(at) === null ? (stack.lanes.flat()[0] ?? null) : at;
    return this.#ref;
  }

  leave(): void {
    this.#content = null;
    this.#stackKey = null;
    this.#ref = null;
  }

  /** Goes on with the series as it has become; the wanted frame stays. */
  renew(content: SeriesContent): void {
    this.#content = content;
    this.#stackKey = this.stack?.key ?? null;
  }

  /** Goes to a position of the frames, or to the nearest end; null where nothing changes. */
  goToPosition(position: number): Line | null {
    const target = Math.min(Math.max(position, 0), this.frames.length - 1);
    const ref = this.frames[target];
    if (ref === undefined || target === this.position) return null;
    const direction = target > this.position ? 1 : -1;
    this.#ref = ref;
    return { refs: this.frames, position: target, direction };
  }

  /** Goes to a frame of the stack; null where nothing changes. */
  goTo(ref: FrameRef | null): Line | null {
    const place = this.placeOf(ref);
    if (place === null || this.#place === null) return null;
    const { value, position } = this.#place;
    if (place.value === value) return this.goToPosition(place.position);
    this.#ref = ref;
    return {
      refs: this.frames,
      position: place.position,
      direction: place.position < position ? -1 : 1,
    };
  }

  /** Goes to another value of the dimension at the same position, or the nearest there is. */
  goToValue(value: number): Line | null {
    const [stack, place] = [this.stack, this.#place];
    if (stack === null || place === null || value === place.value) return null;
    const ref = stack.across(place, value);
    if (ref === null) return null;
    const direction = value > place.value ? 1 : -1;
    this.#ref = ref;
    const refs = stack.column({ value, position: this.position });
    return { refs, position: refs.indexOf(ref), direction };
  }

  /** Goes to the frame of a line. */
  goAlong(line: Line): Line {
    this.#ref = line.refs[line.position] ?? this.#ref;
    return line;
  }

  /** The line that stands still: where the wheel would go. */
  here(): Line {
    return { refs: this.frames, position: this.position, direction: 1 };
  }
}
