/** Marks of triage, by file and of a whole series. */

export type Verdict = 'keep' | 'reject' | 'unsure';

export const VERDICTS: readonly Verdict[] = ['keep', 'reject', 'unsure'];

/** What is decided about a file; empty where nothing is. */
export interface Mark {
  verdict: Verdict | '';
  note: string;
}

const NO_MARK: Mark = { verdict: '', note: '' };

/** Files of a series that are marked together. */
export interface Subject {
  series: number;
  /** null for all that it has. */
  files: readonly number[] | null;
}

/** What is said of files from now on; what is left out stays as it is. */
export interface MarkChange extends Subject {
  parts: Partial<Mark>;
}

/** How the marks of several files stand together. */
export interface Standing {
  files: number;
  counts: Readonly<Record<Verdict, number>>;
  /** Files about which nothing is decided. */
  unmarked: number;
  /** What all have in common; empty where none has a mark. */
  verdict: Verdict | '' | 'mixed';
  /** The note that all have; null where they differ. */
  note: string | null;
}

/** The marks of all files of a series: those of some, and that of the rest. */
export class SeriesMarks {
  readonly #files: ReadonlyMap<number, Mark>;
  readonly #rest: Mark;

  constructor(files: ReadonlyMap<number, Mark> = new Map(), rest: Mark = NO_MARK) {
    this.#files = files;
    this.#rest = rest;
  }

  of(file: number): Mark {
    return this.#files.get(file) ?? this.#rest;
  }

  with({ files, parts }: MarkChange): SeriesMarks {
    const changed = new Map(this.#files);
    for (const file of files ?? changed.keys()) changed.set(file, { ...this.of(file), ...parts });
    return new SeriesMarks(changed, files === null ? { ...this.#rest, ...parts } : this.#rest);
  }

  /** The marks of a subject together; `fileCount` is how many files the series has. */
  standing(files: readonly number[] | null, fileCount: number): Standing {
    if (files !== null) return together(files.map((file) => ({ mark: this.of(file), count: 1 })));
    const rest = { mark: this.#rest, count: Math.max(0, fileCount - this.#files.size) };
    return together([...[...this.#files.values()].map((mark) => ({ mark, count: 1 })), rest]);
  }

  /** The changes that bring the verdicts of a subject back, in their order. */
  verdicts({ series, files }: Subject): MarkChange[] {
    if (files !== null)
      return byVerdict(
        series,
        files.map((file) => [file, this.of(file).verdict]),
      );
    const { verdict } = this.#rest;
    const others = [...this.#files].flatMap(([file, mark]) =>
      mark.verdict === verdict ? [] : [[file, mark.verdict] as const],
    );
    return [{ series, files: null, parts: { verdict } }, ...byVerdict(series, others)];
  }
}

function byVerdict(
  series: number,
  files: readonly (readonly [number, Verdict | ''])[],
): MarkChange[] {
  return [...VERDICTS, '' as const].flatMap((verdict) => {
    const group = files.filter(([, was]) => was === verdict).map(([file]) => file);
    return group.length === 0 ? [] : [{ series, files: group, parts: { verdict } }];
  });
}

function together(marks: readonly { mark: Mark; count: number }[]): Standing {
  const counts = { keep: 0, reject: 0, unsure: 0 };
  const notes = new Set<string>();
  let unmarked = 0;
  for (const { mark, count } of marks) {
    if (count === 0) continue;
    notes.add(mark.note);
    if (mark.verdict === '') unmarked += count;
    else counts[mark.verdict] += count;
  }
  const given = VERDICTS.filter((verdict) => counts[verdict] > 0);
  const [note = '', ...others] = notes;
  const isMixed = given.length > 1 || (given.length === 1 && unmarked > 0);
  return {
    files: unmarked + counts.keep + counts.reject + counts.unsure,
    counts,
    unmarked,
    verdict: isMixed ? 'mixed' : (given[0] ?? ''),
    note: others.length === 0 ? note : null,
  };
}

/** Whether files that stand so are among those that a word of a filter asks for, even its beginning. */
export function isMarkedAs({ counts, unmarked, verdict, note }: Standing, word: string): boolean {
  const answers = {
    keep: counts.keep > 0,
    reject: counts.reject > 0,
    unsure: counts.unsure > 0,
    mixed: verdict === 'mixed',
    none: unmarked > 0,
    note: note !== '',
  };
  return Object.entries(answers).some(([name, isTrue]) => isTrue && name.startsWith(word));
}
