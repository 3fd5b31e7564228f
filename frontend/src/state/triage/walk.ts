import type { FrameRef } from '../../dicom/frameRef';
import type { SeriesContent } from '../view/seriesContent';

/** Where the files of a series are first met when it is scrolled through, forwards or backwards. */
export function inOrder({ stacks }: SeriesContent, direction: 1 | -1): FrameRef[] {
  const refs = stacks.flatMap(({ has_pixels, lanes, row }) =>
    has_pixels ? lanes.flat() : row.files.map((file) => ({ file, frame_index: 0 })),
  );
  const firsts = new Map<number, FrameRef>();
  for (const ref of refs) if (!firsts.has(ref.file)) firsts.set(ref.file, ref);
  return direction > 0 ? [...firsts.values()] : [...firsts.values()].reverse();
}
