import type { LookupTable, Modality } from './recipe';

/** The function from stored values to modality values (DICOM PS3.3 C.11.1). */
export function modalityFunction(modality: Modality): (stored: number) => number {
  if (modality.kind === 'lut') return (stored) => lookUp(modality, stored);
  const { slope, intercept } = modality;
  return (stored) => stored * slope + intercept;
}

/** The entry for a value; a value between two entries takes the nearest, a half the upper one. */
export function lookUp(lut: LookupTable, value: number): number {
  const last = lut.entries.length - 1;
  const position = Math.floor(value + 0.5) - lut.first_mapped;
  return lut.entries[Math.min(Math.max(position, 0), last)] ?? 0;
}
