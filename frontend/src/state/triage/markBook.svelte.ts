import type { SeriesRow, TriageMark } from '../../api/types.gen';
import { SeriesMarks, type Mark, type MarkChange, type Standing, type Subject } from './marks';

/** A series as far as its marks need to know it. */
type SeriesSize = Pick<SeriesRow, 'index' | 'file_count'>;

/** The marks that the server has, and those that are on their way to it. */
export class MarkBook {
  /** Plain, for there can be many; the number tells Svelte that something has changed. */
  readonly #files = new Map<number, Map<number, Mark>>();
  /** How whole series stand on the server, as far as somebody has asked. */
  readonly #standings = new Map<number, Standing>();
  #version = $state(0);

  /** What the server has not taken yet, the oldest first. */
  pending = $state.raw<readonly MarkChange[]>([]);

  /** Takes in what the server says. */
  receive(marks: readonly TriageMark[]): void {
    if (marks.length === 0) return;
    for (const { index, series, mark: verdict, note } of marks) {
      const files = this.#files.get(series) ?? new Map<number, Mark>();
      this.#files.set(series, files.set(index, { verdict, note }));
      this.#standings.delete(series);
    }
    this.#version += 1;
  }

  clear(): void {
    this.#files.clear();
    this.#standings.clear();
    this.#version += 1;
  }

  /** The marks of a series as they will be. */
  of(series: number): SeriesMarks {
    void this.#version;
    const known = new SeriesMarks(this.#files.get(series));
    return this.pending
      .filter((change) => change.series === series)
      .reduce((marks, change) => marks.with(change), known);
  }

  /** How a whole series stands. */
  standing({ index, file_count }: SeriesSize): Standing {
    void this.#version;
    if (this.pending.some(({ series }) => series === index)) {
      return this.of(index).standing(null, file_count);
    }
    const known = this.#standings.get(index);
    if (known?.files === file_count) return known;
    const standing = this.of(index).standing(null, file_count);
    this.#standings.set(index, standing);
    return standing;
  }

  /** How a subject stands. */
  standingOf(subject: Subject, row: SeriesSize): Standing {
    const { series, files } = subject;
    return files === null ? this.standing(row) : this.standingOfFiles(series, files);
  }

  /** How some files of a series stand. */
  standingOfFiles(series: number, files: readonly number[]): Standing {
    return this.of(series).standing(files, files.length);
  }
}
