import type { Session } from '../session';
import { duplicate } from './roiClipboard';
import { spanSelected } from './roiFrames';
import { selectAll, stepRoi } from './roiSteps';

/** Selecting ROIs, and taking them along. */
export const ROI_COMMANDS = {
  'select-all': selectAll,
  'next-roi': (session: Session) => stepRoi(session, 1),
  'previous-roi': (session: Session) => stepRoi(session, -1),
  'duplicate-rois': duplicate,
  'copy-rois': (session: Session) => session.copyRois(),
  'cut-rois': (session: Session) => {
    session.copyRois();
    if (session.pane.editor.free.length > 0) session.rois.remove(session.pane.editor.free);
  },
  'paste-rois': (session: Session) => session.roiClipboard.paste(session),
  'roi-frames': ({ layout }: Session) => (layout.isFramesOpen = true),
  'this-frame-only': (session: Session) => void spanSelected(session, { kind: 'this' }),
  'all-frames': (session: Session) => void spanSelected(session, { kind: 'all' }),
};
