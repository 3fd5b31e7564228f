import { plural, visibleText } from '../../dicom/format';
import type { RoiSync } from './roiSync.svelte';

/** Where the ROIs of the page are, in words. */
export interface RoiSaving {
  text: string;
  /** The rest of it. */
  detail: string;
  /** Something keeps edits from where they should go. */
  isWarning: boolean;
}

type Known = Pick<
  RoiSync,
  'unsentFiles' | 'refusedFiles' | 'savedIn' | 'saveError' | 'unsavedFiles'
> & { overview: ReadonlyMap<number, { count: number }> };

/** How safe what is drawn is; null where nothing is. */
export function roiSaving(sync: Known, isConnected: boolean): RoiSaving | null {
  const { unsentFiles, refusedFiles, savedIn, saveError, unsavedFiles } = sync;
  if (refusedFiles > 0) {
    const detail = `The server does not take the ROIs of ${plural(refusedFiles, 'file')}. They are on this page alone`;
    return { text: 'ROIs not accepted', detail, isWarning: true };
  }
  if (unsentFiles > 0 && !isConnected) {
    const detail = `Edits of ${plural(unsentFiles, 'file')} are on this page alone until the server answers again`;
    return { text: 'ROIs not sent', detail, isWarning: true };
  }
  if (saveError !== '') {
    const detail = `Kept in the memory of the server, which tries again: ${visibleText(saveError)}`;
    return { text: 'Edits not saved, trying again', detail, isWarning: true };
  }
  if (unsentFiles > 0) {
    const text =
      unsentFiles === 1 ? 'Sending ROIs' : `Sending ROIs of ${plural(unsentFiles, 'file')}`;
    return { text, detail: 'On their way to the server', isWarning: false };
  }
  const isNothingDrawn = [...sync.overview.values()].every(({ count }) => count === 0);
  if (savedIn !== null && !(isNothingDrawn && unsavedFiles === 0)) {
    const path = visibleText(savedIn);
    const text = `Edits saved in ${path.slice(path.lastIndexOf('/') + 1)}`;
    return { text, detail: `Every edit is saved in ${path}`, isWarning: false };
  }
  if (unsavedFiles === 0) return null;
  // Marks of triage count among them.
  const detail = `Edits of ${plural(unsavedFiles, 'file')} are in the memory of the server and not exported. dcmview --save-annotations FILE saves every edit`;
  return { text: 'Edits in memory, not exported', detail, isWarning: false };
}
