import type { Sides } from '../dicom/orientation';
import type { Orientation } from './camera';

/** What was at the sides of the upright image, at the sides of the screen. */
export function sidesOnScreen(
  { left, right, top, bottom }: Sides,
  { rotation_deg, isMirrored }: Orientation,
): Sides {
  const [leftmost, rightmost] = isMirrored ? [right, left] : [left, right];
  switch (rotation_deg) {
    case 0:
      return { left: leftmost, right: rightmost, top, bottom };
    case 90:
      return { left: bottom, right: top, top: leftmost, bottom: rightmost };
    case 180:
      return { left: rightmost, right: leftmost, top: bottom, bottom: top };
    case 270:
      return { left: top, right: bottom, top: rightmost, bottom: leftmost };
  }
}
