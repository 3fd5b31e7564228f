/** Frames that are fetched ahead of the one on screen, and behind it. */
const AHEAD = 6;
const BEHIND = 2;

/** Positions worth having next, most urgent first; `direction` is where the user is going. */
export function prefetchOrder(position: number, length: number, direction: 1 | -1): number[] {
  const wanted: number[] = [];
  for (let distance = 1; distance <= AHEAD; distance++) {
    wanted.push(position + direction * distance);
    if (distance <= BEHIND) wanted.push(position - direction * distance);
  }
  return wanted.filter((candidate) => candidate >= 0 && candidate < length);
}
