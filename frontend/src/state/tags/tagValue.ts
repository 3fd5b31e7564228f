import type { TagNode } from '../../api/types.gen';
import { formatBytes, plural, visibleText } from '../../dicom/format';

/** The upper bits of the second half of such a character. */
const LOW_SURROGATES = 0xdc00 >> 10;

export type TagValue = TagNode['value'];

/** A value in one line. */
export function valueText(value: TagValue): string {
  switch (value.type) {
    case 'string':
      return (isLate(value) ? '…' : '') + visibleText(value.value);
    case 'number':
      return String(value.value);
    case 'numbers':
      return (isLate(value) ? '… \\ ' : '') + value.value.join(' \\ ');
    case 'binary':
      return formatBytes(value.length);
    case 'sequence':
      return plural(value.total ?? value.items.length, 'item');
    case 'error':
      return visibleText(value.message);
  }
}

/** A value as the file holds it, to be copied; several are parted by backslashes. */
export function rawText(value: TagValue): string {
  if (value.type === 'string') return value.value;
  return value.type === 'numbers' ? value.value.join('\\') : valueText(value);
}

/** Whether a part of a value is all that is there yet. */
export function isCut(value: TagValue): boolean {
  return 'truncated' in value && value.truncated === true;
}

/** Whether a value begins behind its start, where a search found something. */
function isLate(value: TagValue): boolean {
  return 'offset' in value && (value.offset ?? 0) > 0;
}

/** Items, numbers or characters that are there from the start. */
export function loadedLength(value: TagValue): number {
  if (isLate(value)) return 0;
  if (value.type === 'sequence') return value.item_indices ? 0 : value.items.length;
  if (value.type === 'string') return characterCount(value.value);
  return value.type === 'numbers' ? value.value.length : 0;
}

/** Characters as the API counts them: one that JavaScript stores as two is one. */
function characterCount(text: string): number {
  let count = text.length;
  for (let index = 0; index < text.length; index++) {
    if (text.charCodeAt(index) >> 10 === LOW_SURROGATES) count -= 1;
  }
  return count;
}

/** A value with the part that follows it. */
export function joined(first: TagValue, next: TagValue): TagValue {
  if (loadedLength(first) === 0) return next;
  const rest = { truncated: false, total: 0 };
  if (first.type === 'sequence' && next.type === 'sequence') {
    const items = [...first.items, ...next.items];
    const total = next.total ?? items.length;
    return { type: 'sequence', items, ...rest, truncated: items.length < total, total };
  }
  if (first.type === 'numbers' && next.type === 'numbers') {
    const value = [...first.value, ...next.value];
    const total = next.total ?? value.length;
    return { type: 'numbers', value, ...rest, truncated: value.length < total, total };
  }
  if (first.type === 'string' && next.type === 'string') {
    const value = first.value + next.value;
    const length = characterCount(value);
    const total = next.total ?? length;
    return { type: 'string', value, ...rest, truncated: length < total, total };
  }
  return next;
}

/** Characters that take the room of two in a font of equal widths. */
const WIDE =
  /[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}\uFF01-\uFF60]/u;

/** Text in lines of at most `width` characters, parted at spaces where that is possible. */
export function wrapped(text: string, width: number): string[] {
  return text.split(/\r\n|[\r\n]/).flatMap((line) => wrappedLine(visibleText(line), width));
}

function wrappedLine(text: string, width: number): string[] {
  const lines: string[] = [];
  let [line, used, space] = ['', 0, -1];
  for (const character of text) {
    const size = widthOf(character);
    if (used + size > width) {
      const end = space > 0 ? space : line.length;
      lines.push(line.slice(0, end));
      line = line.slice(end);
      used = Array.from(line).reduce((sum, each) => sum + widthOf(each), 0);
      space = -1;
    }
    line += character;
    used += size;
    if (character === ' ') space = line.length;
  }
  return [...lines, line];
}

function widthOf(character: string): number {
  return WIDE.test(character) ? 2 : 1;
}
