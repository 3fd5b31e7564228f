/** Steps that follow each other so soon belong to one journey. */
const JOURNEY_MS = 250;

/** How much the newest step counts. */
const WEIGHT = 0.4;

/** How fast a person goes through a stack. */
export class Pace {
  #lastStep_ms = -Infinity;
  #stepSeconds: number | null = null;

  /** Takes note of a step. */
  step(now_ms: number): void {
    const seconds = (now_ms - this.#lastStep_ms) / 1_000;
    this.#lastStep_ms = now_ms;
    if (seconds * 1_000 > JOURNEY_MS) this.#stepSeconds = null;
    else if (this.#stepSeconds === null) this.#stepSeconds = seconds;
    else this.#stepSeconds += WEIGHT * (seconds - this.#stepSeconds);
  }

  /** Seconds from step to step; null for who stands still. */
  secondsAt(now_ms: number): number | null {
    return now_ms - this.#lastStep_ms > JOURNEY_MS ? null : this.#stepSeconds;
  }
}
