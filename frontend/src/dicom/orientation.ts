/** Directions in the patient in letters (DICOM PS3.3 C.7.6.1.1.1). */

/** One text a side of a picture. */
export interface Sides {
  left: string;
  right: string;
  top: string;
  bottom: string;
}

/** A direction this near to a plane (about 3 degrees) is not worth a letter of its own. */
const LEAST_PART = 0.05;

const LETTERS = [
  ['L', 'R'],
  ['P', 'A'],
  ['H', 'F'],
] as const;

const OPPOSITE: Readonly<Record<string, string>> = {
  L: 'R',
  R: 'L',
  A: 'P',
  P: 'A',
  H: 'F',
  F: 'H',
};

/** A vector of the patient coordinate system as letters, the greatest part first: `LPH`. */
export function directionLetters(vector: readonly number[]): string {
  const length = Math.hypot(...vector);
  return LETTERS.map(([positive, negative], axis) => {
    const part = (vector[axis] ?? 0) / length;
    return { letter: part > 0 ? positive : negative, part: Math.abs(part) };
  })
    .filter(({ part }) => part > LEAST_PART)
    .sort((first, second) => second.part - first.part)
    .map(({ letter }) => letter)
    .join('');
}

/** What the sides of an upright image look to, by its Image Orientation (Patient); null for none. */
export function sidesOfPlane(orientation: readonly number[] | undefined): Sides | null {
  if (orientation?.length !== 6) return null;
  const right = directionLetters(orientation.slice(0, 3));
  const bottom = directionLetters(orientation.slice(3));
  return right === '' || bottom === '' ? null : sidesOf(right, bottom);
}

/**
 * The same by Patient Orientation (0020,0020), which names the directions of
 * rows and columns. The opposite of what is not in the letters for bipeds is
 * left open.
 */
export function sidesOfLetters(letters: readonly string[]): Sides | null {
  const [right = '', bottom = ''] = letters.map((value) => value.trim());
  return right === '' && bottom === '' ? null : sidesOf(right, bottom);
}

function sidesOf(right: string, bottom: string): Sides {
  return { left: opposite(right), right, top: opposite(bottom), bottom };
}

function opposite(letters: string): string {
  const others = Array.from(letters, (letter) => OPPOSITE[letter]);
  return others.includes(undefined) ? '' : others.join('');
}
