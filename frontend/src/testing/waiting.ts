import { vi } from 'vitest';

/** Ends a hang, no more: how long things take says more of the machine than of the code. */
export const LIMIT_MS = 15_000;

/** Waits until the assertion holds. */
export function eventually(assertion: () => void): Promise<void> {
  return vi.waitFor(assertion, { interval: 5, timeout: LIMIT_MS });
}
