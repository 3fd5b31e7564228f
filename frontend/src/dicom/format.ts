/** Text for people, made from what a file says. Everything that comes from a file passes through here. */

const PLAIN = /^[ -~]*$/;

const NAMED_ESCAPES: Readonly<Record<string, string>> = { '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/**
 * Text with control, format and bidirectional characters as visible escapes, so
 * that no file can hide, reorder or fake what the page says.
 */
export function visibleText(text: string): string {
  // Most text is plain, and a long list holds a lot of it.
  if (PLAIN.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return NAMED_ESCAPES[character] ?? `\\u{${code.toString(16).toUpperCase().padStart(4, '0')}}`;
  });
}

/** A Person Name in reading form: the first component group, `DOE^JANE^M` as `DOE, JANE M`. */
export function personName(value: string): string {
  const group = value.split('=').find((part) => part.replace(/[\s^]/g, '') !== '') ?? '';
  const [family = '', given = '', middle = '', prefix = '', suffix = ''] = group
    .split('^')
    .map((part) => part.trim());
  const first = [prefix, given, middle, suffix].filter(Boolean).join(' ');
  return visibleText([family, first].filter(Boolean).join(', '));
}

/** A DICOM date (DA) as `2024-01-31`; anything else stays as it is. */
export function formatDate(value: string): string {
  const match = /^(\d{4})\.?(\d{2})\.?(\d{2})$/.exec(value.trim());
  return match ? match.slice(1).join('-') : visibleText(value);
}

/** A measured value: whole numbers as they are, others with about five significant digits. */
export function formatValue(value: number): string {
  if (!Number.isFinite(value) || Number.isInteger(value)) return String(value);
  const magnitude = Math.abs(value);
  if (magnitude < 1e-4 || magnitude >= 1e9) return value.toExponential(3);
  const decimals = Math.max(0, 4 - Math.floor(Math.log10(magnitude)));
  return String(Number(value.toFixed(Math.min(decimals, 8))));
}

/** A number of bytes in the unit that fits. */
export function formatBytes(bytes: number): string {
  if (bytes < 1024) return plural(bytes, 'byte');
  const units = ['KiB', 'MiB', 'GiB'];
  let amount = bytes / 1024;
  let unit = 0;
  while (amount >= 1024 && unit < units.length - 1) {
    amount /= 1024;
    unit += 1;
  }
  return `${amount.toFixed(amount < 10 ? 1 : 0)} ${units[unit] ?? ''}`;
}

/** A number of things: `12,345`. The formatter of the browser takes longer to start than a long list to show. */
export function formatCount(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ',');
}

/** `1 frame`, `2 frames`. */
export function plural(count: number, noun: string): string {
  return `${formatCount(count)} ${noun}${count === 1 ? '' : 's'}`;
}

/** A keyword in words: `PatientBirthDate` as `Patient Birth Date`. */
export function keywordWords(keyword: string): string {
  return keyword.replace(/([a-z\d])([A-Z])/g, '$1 $2').replace(/([A-Z]+)([A-Z][a-z])/g, '$1 $2');
}

/** The last part of a path. Where slashes part it, a backslash belongs to the name: `caf\xE9.dcm`. */
export function fileName(path: string): string {
  const separator = path.includes('/') ? '/' : '\\';
  return visibleText(path.slice(path.lastIndexOf(separator) + 1));
}
