/** One mapping of stored values to real world values (DICOM PS3.3 C.7.6.16.2.11). */
export interface RealWorldMapping {
  /** Stored values that it is for, both included. */
  first: number;
  last: number;
  /** null where a table says it. */
  slope: number | null;
  intercept: number | null;
  values: readonly number[];
}

/** What a stored value stands for; null where the mapping does not reach. */
export function realWorldValue(stored: number, mapping: RealWorldMapping): number | null {
  const { first, last, slope, intercept, values } = mapping;
  if (!(stored >= first && stored <= last)) return null;
  if (slope !== null) return stored * slope + (intercept ?? 0);
  return values[Math.trunc(stored - first)] ?? null;
}
