import type { FormQuery } from '../../api/roiFiles';
import type { RoiExportPreview } from '../../api/types.gen';
import { plural, visibleText } from '../../dicom/format';

/** A form in which ROIs leave the page. */
export interface ExportForm {
  query: FormQuery;
  name: string;
  /** What it is for, in one line. */
  use: string;
}

const FORMS: readonly ExportForm[] = [
  { query: { format: 'json' }, name: 'dcmview JSON', use: 'Everything, to be loaded again' },
  {
    query: { format: 'csv' },
    name: 'CSV table',
    use: 'A row an ROI, for spreadsheets and scripts',
  },
  {
    query: { format: 'csv-statistics' },
    name: 'CSV with figures',
    use: 'A row an ROI and frame, with area, mean and so on',
  },
  { query: { format: 'embed' }, name: 'EMBED CSV', use: 'Boxes, a row a file' },
  { query: { format: 'coco' }, name: 'COCO JSON', use: 'Boxes and outlines, to train and compare' },
  {
    query: { format: 'sr' },
    name: 'DICOM SR',
    use: 'Reports (TID 1500), for archives and other viewers',
  },
  {
    query: { format: 'seg' },
    name: 'DICOM SEG',
    use: 'Segmentations, for archives and other viewers',
  },
  {
    query: { format: 'overlays' },
    name: 'DICOM copies with overlays',
    use: 'The images again, with ROIs as overlay planes',
  },
  {
    query: { format: 'masks-png' },
    name: 'Masks, PNG',
    use: 'A label map for each frame, as pictures',
  },
  {
    query: { format: 'masks-npy' },
    name: 'Masks, NumPy',
    use: 'A label map for each frame, as arrays',
  },
  {
    query: { format: 'overlays' },
    name: 'Overlays in copies',
    use: 'DICOM files with a 60xx plane for each label',
  },
];

/** A form with what would come of it now. */
export interface ExportOffer extends ExportForm {
  preview: RoiExportPreview;
}

/** What the server offers, in our order; a form that the page knows nothing of is offered by its name. */
export function offers(previews: readonly RoiExportPreview[]): ExportOffer[] {
  const known = FORMS.flatMap((form) => {
    const preview = previews.find(({ format }) => format === form.query.format);
    return preview === undefined ? [] : [{ ...form, preview }];
  });
  const others = previews
    .filter(({ format }) => FORMS.every(({ query }) => query.format !== format))
    .map((preview) => ({
      query: { format: preview.format },
      name: visibleText(preview.format),
      use: '',
      preview,
    }));
  return [...known, ...others];
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
