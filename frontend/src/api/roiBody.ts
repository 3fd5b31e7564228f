/** ROIs as the server spells them. */
import { bareRoi, type Roi } from '../dicom/roi';
import type { Roi as RoiBody } from './types.gen';

/** What the server left out says nothing. */
export function readRoi({ kind, points, ...rest }: RoiBody): Roi {
  return { ...bareRoi({ kind, points }, 'all'), ...rest };
}

export function roiBody(roi: Roi): RoiBody {
  const { shape, frames, labelOffset, ...rest } = roi;
  void labelOffset;
  return {
    ...rest,
    frames: frames === 'all' ? 'all' : [...frames],
    kind: shape.kind,
    points: [...shape.points],
  };
}
