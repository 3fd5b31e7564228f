import { frameKey, type FrameRef } from '../../dicom/frameRef';
import type { Session } from '../session';
import { copyToFrames } from './roiCopies';

/** Which frames of the stack ROIs are put on, besides the one that is seen. */
export type FrameChoice =
  | { kind: 'next'; count: number }
  /** Frames by their place in the stack from 1, both included. */
  | { kind: 'range'; first: number; last: number }
  | { kind: 'all' }
  | { kind: 'this' };

/** The frames of a choice; the one that is seen is never among those that get a copy. */
export function chosenFrames({ viewer }: Session, choice: FrameChoice): readonly FrameRef[] {
  const { frames, seen } = viewer;
  if (seen === null) return [];
  const here = frames.findIndex((ref) => frameKey(ref) === frameKey(seen.ref));
  switch (choice.kind) {
    case 'this':
      return [seen.ref];
    case 'next':
      return frames.slice(here + 1, here + 1 + choice.count);
    case 'range': {
      const [first, last] = [choice.first, choice.last].sort((one, other) => one - other);
      return frames.slice(Math.max((first ?? 1) - 1, 0), last);
    }
    case 'all':
      return frames;
  }
}

/** Copies what is selected to frames other than the one that is seen. Gives how many copies were made. */
export function copySelected(session: Session, choice: FrameChoice): number {
  const { seen } = session.viewer;
  const key = seen === null ? '' : frameKey(seen.ref);
  const refs = chosenFrames(session, choice).filter((ref) => frameKey(ref) !== key);
  return copyToFrames(session, session.pane.editor.selected, refs);
}

/** Whether something is selected that could be on several frames of its file. */
export function canSpan({ pane, viewer }: Session): boolean {
  return pane.editor.free.some(({ file }) => (viewer.scroll.fileOf(file)?.frame_count ?? 1) > 1);
}

/** Shows what is selected on frames of its file and on no others. Gives on how many. */
export function spanSelected(session: Session, choice: FrameChoice): number {
  const { rois, pane } = session;
  const refs = chosenFrames(session, choice);
  const { seen } = session.viewer;
  const own = [...refs, ...(choice.kind === 'next' && seen !== null ? [seen.ref] : [])]
    .filter(({ file }) => file === seen?.ref.file)
    .map(({ frame_index }) => frame_index)
    .sort((one, other) => one - other);
  const entries = pane.editor.free.filter(({ file }) => file === seen?.ref.file);
  if (own.length === 0 || entries.length === 0) return 0;
  const isWhole = choice.kind === 'all';
  rois.edit(entries, { frames: isWhole ? 'all' : [...new Set(own)] });
  return own.length;
}
