import type { FrameRef } from '../../dicom/frameRef';
import type { SeriesContent } from '../view/seriesContent';
import type { Subject } from './marks';

/** Whether a mark is for a whole series or for one file. */
export type Scope = 'series' | 'file';

/** Where a person goes through images: the active pane or the contact sheet. */
export interface Ground {
  /** What a mark would be for. */
  subject: (scope: Scope) => Subject | null;
  /** Nobody can judge what is not seen yet; what cannot be shown can be judged for that. */
  canMark: (scope: Scope) => boolean;
  /** The frame that is looked at. */
  readonly here: FrameRef | null;
  /** The series that is looked at, as far as it is known. */
  readonly content: SeriesContent | null;
  /** Goes on to the next series or file without a mark, and round the end. */
  goToUnmarked: (scope: Scope, distance: 1 | -1) => void;
  /** Goes back to where a mark was made. */
  goTo: (series: number, ref: FrameRef | null) => void;
  /** Gives the keys to what is looked at. */
  focus: () => void;
}
