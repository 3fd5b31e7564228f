import { isRegion } from '../../dicom/shapes';
import type { Command } from '../../interaction/keymap';
import type { Session } from '../session';

/** Image pixels of a nudge with Shift. */
const LONG_NUDGE = 10;

type MeasureCommand = Extract<
  Command,
  | 'tool-region'
  | 'tool-measure'
  | 'shape-menu'
  | 'toggle-measurements'
  | 'undo'
  | 'redo'
  | 'finish-shape'
  | 'take-back-point'
  | 'cancel-shape'
  | 'delete-shape'
  | 'let-go'
  | 'window-from-region'
  | `nudge-${string}`
>;

/** Drawing, moving and taking back shapes. */
export const MEASURE_COMMANDS: Readonly<Record<MeasureCommand, (session: Session) => void>> = {
  'tool-region': ({ toolbox }) => toolbox.cycle('region'),
  'tool-measure': ({ toolbox }) => toolbox.cycle('measure'),
  'shape-menu': ({ layout }) => layout.toggleMenu('shape-menu'),
  'toggle-measurements': ({ layout }) => layout.toggle('measurements'),
  undo: ({ rois, viewer }) => viewer.seen && rois.undo(viewer.seen.ref.file),
  redo: ({ rois, viewer }) => viewer.seen && rois.redo(viewer.seen.ref.file),
  'finish-shape': ({ pane }) => pane.editor.finish(),
  'take-back-point': ({ pane }) => pane.editor.takeBack(),
  'cancel-shape': ({ pane }) => pane.editor.cancel(),
  'delete-shape': ({ pane }) => pane.editor.deleteSelected(),
  'let-go': ({ pane }) => pane.editor.letGo(),
  'window-from-region': ({ pane: { editor } }) => {
    const region = editor.selected.find(({ roi }) => isRegion(roi.shape));
    if (region !== undefined) editor.windowFrom(region.roi.shape);
  },
  'nudge-left': ({ pane }) => pane.editor.nudge(-1, 0),
  'nudge-right': ({ pane }) => pane.editor.nudge(1, 0),
  'nudge-up': ({ pane }) => pane.editor.nudge(0, -1),
  'nudge-down': ({ pane }) => pane.editor.nudge(0, 1),
  'nudge-left-far': ({ pane }) => pane.editor.nudge(-LONG_NUDGE, 0),
  'nudge-right-far': ({ pane }) => pane.editor.nudge(LONG_NUDGE, 0),
  'nudge-up-far': ({ pane }) => pane.editor.nudge(0, -LONG_NUDGE),
  'nudge-down-far': ({ pane }) => pane.editor.nudge(0, LONG_NUDGE),
};
