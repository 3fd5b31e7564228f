/** The language of the filter field: words, and terms such as `modality:ct`, `-desc:"late phase"`. */

const SCOPES = {
  modality: 'modality',
  desc: 'description',
  description: 'description',
  patient: 'patient',
  id: 'patient-id',
  study: 'study',
  date: 'date',
  series: 'series',
  folder: 'path',
  path: 'path',
  file: 'file',
  note: 'note',
  warning: 'note',
  triage: 'triage',
} as const;

export type Scope = (typeof SCOPES)[keyof typeof SCOPES];

/** One wish of a filter; all of them are to be met. */
export interface Term {
  /** Where the text is looked for; null for anywhere. */
  scope: Scope | null;
  /** In lower case. */
  text: string;
  isNegated: boolean;
}

/** A minus, a word before a colon, and a quoted or plain rest; the end quote may still be missing. */
const TERM = /(-?)(?:([a-z]+):)?(?:"([^"]*)"?|(\S*))/giy;

/** Reads a filter. What has no known scope is plain text, and a scope without a text wishes for nothing yet. */
export function parseFilter(filter: string): Term[] {
  return tokens(filter).flatMap(({ term }) => (term.text === '' ? [] : [term]));
}

interface Token {
  term: Term;
  /** As it was typed. */
  typed: string;
}

function tokens(filter: string): Token[] {
  const found: Token[] = [];
  for (let at = 0; at < filter.length;) {
    if (/\s/.test(filter.charAt(at))) {
      at += 1;
      continue;
    }
    TERM.lastIndex = at;
    const match = TERM.exec(filter);
    if (match === null) break;
    const [typed, minus = '', word = '', quoted, plain = ''] = match;
    found.push({ term: termOf(minus, word.toLowerCase(), quoted ?? plain), typed });
    at += Math.max(1, typed.length);
  }
  return found;
}

function termOf(minus: string, word: string, text: string): Term {
  const scope = scopeOf(word);
  const whole = scope === null && word !== '' ? `${word}:${text}` : text;
  // A minus by itself is a word like any other.
  if (minus !== '' && word === '' && whole === '') {
    return { scope: null, text: minus, isNegated: false };
  }
  return { scope, text: whole.toLowerCase(), isNegated: minus !== '' };
}

function scopeOf(word: string): Scope | null {
  return Object.hasOwn(SCOPES, word) ? SCOPES[word as keyof typeof SCOPES] : null;
}

/** The modalities that a filter asks for, in lower case. */
export function wantedModalities(filter: string): ReadonlySet<string> {
  const texts = parseFilter(filter).filter(isWantedModality);
  return new Set(texts.flatMap(({ text }) => alternatives(text)));
}

/** The filter with a modality added to those it asks for, or taken away; everything else stays. */
export function toggleModality(filter: string, modality: string): string {
  const wanted = new Set(wantedModalities(filter));
  const name = modality.toLowerCase();
  if (!wanted.delete(name)) wanted.add(name);
  const rest = tokens(filter).flatMap(({ term, typed }) => (isWantedModality(term) ? [] : [typed]));
  return [...(wanted.size === 0 ? [] : [`modality:${[...wanted].join(',')}`]), ...rest].join(' ');
}

function isWantedModality({ scope, isNegated }: Term): boolean {
  return scope === 'modality' && !isNegated;
}

/** `ct,mr`: any of them will do. */
export function alternatives(text: string): string[] {
  return text.split(',').filter(Boolean);
}

/** Whether a DICOM date lies in `2024`, `2024-01`, `2024-01-31`, or in a range `2023..2024-06`; either end may be open. */
export function isInDates(date: string, wanted: string): boolean {
  const digits = date.replace(/\D/g, '').slice(0, 8);
  if (digits === '') return false;
  const [from = '', to] = wanted.split('..').map((end) => end.replace(/[-./]/g, ''));
  if (to === undefined) return digits.startsWith(from);
  return digits >= from.padEnd(8, '0') && digits <= to.padEnd(8, '9');
}
