/** How one viewport follows another. */
import {
  centerOf,
  angleBetween_deg,
  distanceFrom_mm,
  imagePointOf,
  type PlaneImage,
} from '../../dicom/plane';
import { patientPoint } from '../../dicom/patientPoint';
import type { Point } from '../../interaction/camera';
import { viewLike, type Standing } from '../../interaction/viewLike';
import type { Viewer } from '../view/viewer.svelte';

/** Stacks that are tilted by more than this show different things: one is not scrolled by the other. */
const PARALLEL_WITHIN_DEG = 30;

/** Whether the places of two stacks are told in one coordinate system. */
export function sharePlaces(a: Viewer, b: Viewer): boolean {
  const frame = a.stack?.frameOfReference ?? '';
  return frame !== '' && frame === b.stack?.frameOfReference;
}

/** Scrolls viewports together: by the place in the patient, or by how far each is from where it was. */
export class ScrollLink {
  /** How far the leader is in its stack, counted so that a change of leader changes nothing. */
  #count = 0;
  /** For each viewport the count at its first frame, as long as it shows the stack. */
  readonly #starts = new WeakMap<Viewer, { stackKey: string; start: number }>();

  /** Takes the others to where the leader is. */
  carry(leader: Viewer, others: readonly Viewer[]): void {
    this.#count = this.#startOf(leader) + leader.position;
    for (const other of others) {
      if (other.stack === null) continue;
      const start = this.#startOf(other);
      if (sharePlaces(leader, other)) {
        const position = nearestPosition(leader, other);
        if (position === null) continue;
        other.goToPosition(position);
        this.#starts.set(other, { stackKey: other.stack.key, start: this.#count - position });
      } else {
        other.goToPosition(this.#count - start);
      }
    }
  }

  #startOf(viewer: Viewer): number {
    const stackKey = viewer.stack?.key ?? '';
    const known = this.#starts.get(viewer);
    if (known?.stackKey === stackKey) return known.start;
    const start = this.#count - viewer.position;
    this.#starts.set(viewer, { stackKey, start });
    return start;
  }
}

/** The position whose plane is nearest to the middle of the leader's frame; null where it is of no use. */
function nearestPosition(leader: Viewer, follower: Viewer): number | null {
  const image = leader.scroll.imageOf(leader.scroll.ref);
  const center = image && centerOf(image);
  let best: { position: number; distance: number } | null = null;
  for (const [position, ref] of follower.frames.entries()) {
    const plane = follower.stack?.planeOf(ref) ?? null;
    if (image === null || center === null || plane === null) continue;
    if (position === 0 && !(angleBetween_deg(image, plane) <= PARALLEL_WITHIN_DEG)) return null;
    const distance = distanceFrom_mm(plane, center);
    if (distance < (best?.distance ?? Infinity)) best = { position, distance };
  }
  return best?.position ?? null;
}

/** Shows the same window, where values have the same unit. */
export function windowLike({ windowing }: Viewer, follower: Viewer): void {
  const own = follower.windowing;
  if (windowing.voi === null || own.voi === null || windowing.unit !== own.unit) return;
  own.choice = windowing.choice;
  own.isInverted = windowing.isInverted;
}

/** Shows the same part of the patient at the same scale, as far as that can be known. */
export function zoomLike(leader: Viewer, follower: Viewer): void {
  const { framing } = follower;
  if (leader.framing.isFitted && leader.framing.view.center === null) {
    framing.fit();
    return;
  }
  const [other, own] = [standingOf(leader), standingOf(follower)];
  if (other === null || own === null) return;
  framing.view = viewLike(other, own, sharedCenter(leader, follower, other.camera.center));
}

/** Where the point in the middle of the leader is in the follower's plane, seen straight from above. */
function sharedCenter(leader: Viewer, follower: Viewer, center: Point): Point | null {
  if (!sharePlaces(leader, follower)) return null;
  const from = seenImage(leader);
  const to = seenImage(follower);
  const place = from && patientPoint(from, center);
  return place && to && imagePointOf(to, place);
}

/** The plane of the frame that is on the screen. */
export function seenImage({ scroll, seen }: Viewer): PlaneImage | null {
  return scroll.imageOf(seen?.ref ?? null);
}

function standingOf({ camera, seen }: Viewer): Standing | null {
  if (camera === null || seen === null) return null;
  const { columns, rows, recipe } = seen;
  const { spacing } = recipe;
  return {
    camera,
    image: { width: columns, height: rows },
    pixel_mm:
      spacing?.plane === 'patient' ? { width: spacing.column_mm, height: spacing.row_mm } : null,
  };
}
