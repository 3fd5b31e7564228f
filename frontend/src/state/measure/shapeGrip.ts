/** What a hand that holds a part of a shape makes of it. */
import type { Roi } from '../../dicom/roi';
import { moveHandle, moveShapes } from '../../dicom/shapeEdits';
import type { ImagePoint } from '../../dicom/shapes';
import { bendOutline, insertPoint } from '../../dicom/vertexEdits';
import type { Pen } from '../../interaction/sketch';
import type { RoiEntry } from '../rois/fileRois.svelte';

export type Part =
  | { kind: 'handle'; handle: number }
  /** A new point on this edge. */
  | { kind: 'edge'; edge: number }
  | { kind: 'shape' }
  /** A place of an outline that is pulled. */
  | { kind: 'bend' }
  | { kind: 'label' };

export interface Grip {
  entry: RoiEntry;
  part: Part;
  from: ImagePoint;
  /** Where the label stood, in image points. */
  labelAt: ImagePoint;
}

/** What a grip makes of an ROI, before it is let go. */
export type Draft = Pick<Roi, 'shape' | 'labelOffset'>;

/** How far along an outline a pull is felt. */
const BEND_REACH_CSS_PX = 60;

/** ROIs by key as they are while a grip is held; `free` are those that may move along. */
export function draftsOf(
  { entry: { key, roi }, part, from, labelAt }: Grip,
  pen: Pen,
  free: readonly RoiEntry[],
): Map<string, Draft> {
  const { shape, labelOffset } = roi;
  const [dx, dy] = [pen.at.x - from.x, pen.at.y - from.y];
  const alone = (draft: Partial<Draft>) => new Map([[key, { shape, labelOffset, ...draft }]]);
  switch (part.kind) {
    case 'handle':
      return alone({ shape: moveHandle(shape, part.handle, pen.at, pen) });
    case 'edge': {
      const inserted = insertPoint(shape, part.edge, pen.at, pen.image);
      return alone({ shape: moveHandle(inserted, part.edge + 1, pen.at, pen) });
    }
    case 'bend': {
      const { scale, image } = pen;
      const options = { scale, image, reach: BEND_REACH_CSS_PX };
      return alone({ shape: bendOutline(shape, from, pen.at, options) });
    }
    case 'shape': {
      const moved = moveShapes(free, (one) => one.roi.shape, dx, dy, pen.image);
      return new Map(
        free.map((one) => [
          one.key,
          { labelOffset: one.roi.labelOffset, shape: moved.get(one) ?? one.roi.shape },
        ]),
      );
    }
    case 'label': {
      const [first = { x: 0, y: 0 }] = shape.points;
      return alone({ labelOffset: { x: labelAt.x + dx - first.x, y: labelAt.y + dy - first.y } });
    }
  }
}
