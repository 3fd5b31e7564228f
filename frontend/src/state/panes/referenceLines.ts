import { angleBetween_deg, crossing, type PlaneImage, type Segment } from '../../dicom/plane';
import { seenImage, sharePlaces } from './following';
import type { Viewer } from '../view/viewer.svelte';

/** Planes at a smaller angle run along each other, and where they meet says nothing. */
const CROSSING_FROM_DEG = 5;

/** Where a plane cuts through an image, in image points. */
interface ReferenceLine extends Segment {
  /** The frame that is seen, or one of the ends of its stack. */
  kind: 'seen' | 'end';
}

/** Where the frame that one viewport shows, and the ends of its stack, cut through that of another. */
export function referenceLines(leader: Viewer, viewer: Viewer): ReferenceLine[] {
  const image = seenImage(viewer);
  const seen = seenImage(leader);
  if (image === null || seen === null || !sharePlaces(leader, viewer)) return [];
  if (!(angleBetween_deg(image, seen) >= CROSSING_FROM_DEG)) return [];
  const lineOf = (plane: PlaneImage | null, kind: ReferenceLine['kind']): ReferenceLine[] => {
    const segment = plane && crossing(image, plane);
    return segment ? [{ ...segment, kind }] : [];
  };
  const { frames, scroll } = leader;
  const ends = frames.length > 1 ? [frames[0], frames.at(-1)] : [];
  return [
    ...ends.flatMap((ref) => lineOf(scroll.imageOf(ref ?? null), 'end')),
    ...lineOf(seen, 'seen'),
  ];
}
