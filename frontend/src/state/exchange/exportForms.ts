import type { RoiExportPreview } from '../../api/types.gen';
import { plural, visibleText } from '../../dicom/format';

/** What each form of the server is called, and what it is for in one line; in the order of the menu. */
const WORDS: Readonly<Record<string, readonly [name: string, use: string]>> = {
  json: ['dcmview JSON', 'Everything, to be loaded again'],
  csv: ['CSV table', 'A row an ROI, for spreadsheets and scripts'],
  'csv-statistics': ['CSV with statistics', 'A row an ROI and frame, with area, mean and so on'],
  embed: ['EMBED CSV', 'Boxes, a row a file'],
  coco: ['COCO JSON', 'Boxes and outlines, to train and compare'],
  sr: ['DICOM SR', 'Reports (TID 1500), for archives and other viewers'],
  seg: ['DICOM SEG', 'Segmentations, for archives and other viewers'],
  overlays: ['DICOM copies with overlays', 'The images again, with a 60xx plane for each label'],
  'masks-png': ['Masks, PNG', 'A label map for each frame, as pictures'],
  'masks-npy': ['Masks, NumPy', 'A label map for each frame, as arrays'],
};

/** A form with what would come of it now. */
export interface ExportOffer {
  format: string;
  name: string;
  use: string;
  preview: RoiExportPreview;
}

/** What the server offers, in our order; a form that the page has no words for is offered by its name. */
export function offers(previews: readonly RoiExportPreview[]): ExportOffer[] {
  const order = Object.keys(WORDS);
  const rank = (format: string) => (order.includes(format) ? order.indexOf(format) : order.length);
  return previews
    .toSorted((first, second) => rank(first.format) - rank(second.format))
    .map((preview) => {
      const { format } = preview;
      const [name, use] = WORDS[format] ?? [visibleText(format), ''];
      return { format, name, use, preview };
    });
}

/** How much of everything a form carries. */
export function carriedText({ rois, carried, missing }: RoiExportPreview): string {
  if (missing !== '') return visibleText(missing);
  if (carried === 0) return `None of ${plural(rois, 'ROI')}`;
  if (carried < rois) return `${String(carried)} of ${plural(rois, 'ROI')}`;
  return rois === 1 ? 'The one ROI' : `All ${plural(rois, 'ROI')}`;
}

/** What stays behind; empty where nothing does. */
export function lostText({ lost, missing }: RoiExportPreview): string {
  if (missing !== '' || lost.length === 0) return '';
  const parts = lost.map(({ what, count }) => `${visibleText(what)} (${String(count)})`);
  return `Not in it: ${parts.join(', ')}`;
}

/** Whether there is anything to be saved in a form. */
export function canSave({ carried, missing }: RoiExportPreview): boolean {
  return carried > 0 && missing === '';
}
