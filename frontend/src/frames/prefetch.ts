/** Frames that are fetched first: more where the user is going than where he comes from. */
const AHEAD = 10;
const BEHIND = 2;

/** Frames worth having in reach of one stack, as long as there is memory for them. */
const MOST_FRAMES = 60;

/**
 * Positions worth having next, most urgent first: ten ahead and two behind,
 * then outwards on both sides, `room` at most. `direction` is where the user is
 * going.
 */
export function prefetchOrder(
  position: number,
  length: number,
  direction: 1 | -1,
  room = MOST_FRAMES,
): number[] {
  const near: number[] = [];
  for (let distance = 1; distance <= AHEAD; distance++) {
    near.push(position + direction * distance);
    if (distance <= BEHIND) near.push(position - direction * distance);
  }
  const far: number[] = [];
  for (let distance = 1; near.length + far.length < 2 * MOST_FRAMES; distance++) {
    far.push(position + direction * (AHEAD + distance), position - direction * (BEHIND + distance));
  }
  return [...near, ...far]
    .filter((candidate) => candidate >= 0 && candidate < length)
    .slice(0, Math.min(room, MOST_FRAMES));
}
