import { fileName } from '../../dicom/format';
import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { Viewer } from '../view/viewer.svelte';

/** A frame that can be compared, and what it is called. */
export interface Spot {
  ref: FrameRef;
  label: string;
}

/** What the frame on screen can be compared with. */
export interface Partner {
  id: string;
  name: string;
  spot: Spot;
}

/** What a viewport is about. */
export type Viewed = Pick<Viewer, 'file' | 'frames' | 'position'> & {
  scroll: Pick<Viewer['scroll'], 'ref' | 'fileOf'>;
};

/** The frame, or the object without an image, that a viewport shows. */
export function spotOf({ file, frames, scroll }: Viewed): Spot | null {
  if (file === null) return null;
  return spotAt(scroll.ref ?? { file: file.index, frame_index: 0 }, { frames, scroll });
}

/** The neighbours in the stack, what other panes show, and what was pinned. */
export function partnersOf(
  here: Viewed,
  { others, pinned }: { others: readonly Viewed[]; pinned: Spot | null },
): Partner[] {
  const neighbour = (distance: number): Spot | null => {
    const ref = here.frames[here.position + distance];
    return ref === undefined ? null : spotAt(ref, here);
  };
  const found: [id: string, name: string, spot: Spot | null][] = [
    ['previous', 'Previous', neighbour(-1)],
    ['next', 'Next', neighbour(1)],
    ...others.map((other, index): [string, string, Spot | null] => [
      `pane-${String(index)}`,
      'Beside',
      spotOf(other),
    ]),
    ['pinned', 'Pinned', pinned],
  ];
  return found.flatMap(([id, name, spot]) => (spot === null ? [] : [{ id, name, spot }]));
}

function spotAt(ref: FrameRef, { frames, scroll }: Pick<Viewed, 'frames' | 'scroll'>): Spot {
  const name = fileName(scroll.fileOf(ref.file)?.path ?? '');
  const isOneOfSeveral = frames.some(
    (other) => other.file === ref.file && frameKey(other) !== frameKey(ref),
  );
  const frame = isOneOfSeveral ? ` frame ${String(ref.frame_index + 1)}` : '';
  return { ref, label: name + frame };
}
