/** What is searched for in tags: the rules are those of `?search=` of the API. */
export class TagQuery {
  readonly words: readonly string[];
  readonly #vrs: readonly string[];

  constructor(text: string) {
    const terms = text.toLowerCase().split(/\s+/).filter(Boolean);
    this.#vrs = terms.flatMap((term) => /^vr:([a-z]{2})$/.exec(term)?.[1]?.toUpperCase() ?? []);
    this.words = terms
      .filter((term) => !/^vr:[a-z]{2}$/.test(term))
      .map((term) => term.replace(/^0x/, ''));
  }

  get isEmpty(): boolean {
    return this.words.length === 0 && this.#vrs.length === 0;
  }

  /** Whether an element of a VR holds all words in one of its texts each. */
  matches(vr: string, texts: readonly string[]): boolean {
    if (this.#vrs.length > 0 && !this.#vrs.includes(vr)) return false;
    const searched = texts.join('\n').toLowerCase();
    return this.words.every((word) => searched.includes(word.replace(/['’]s$/, '')));
  }
}

/** A piece of a text, and whether it is to be marked. */
interface Piece {
  text: string;
  isMarked: boolean;
}

/** A text in pieces, those marked that are one of the words. */
export function piecesOf(text: string, words: readonly string[]): Piece[] {
  const found = words.map(escaped).filter(Boolean);
  if (found.length === 0 || text === '') return text === '' ? [] : [{ text, isMarked: false }];
  return text
    .split(new RegExp(`(${found.join('|')})`, 'iu'))
    .map((part, place) => ({ text: part, isMarked: place % 2 === 1 }))
    .filter((piece) => piece.text !== '');
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
