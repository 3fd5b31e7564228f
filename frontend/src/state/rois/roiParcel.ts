/** Which edits travel together: the server takes so many files, operations and bytes at once. */
import type { Roi } from '../../dicom/roi';
import type { FileRois } from './fileRois.svelte';
import type { RoiOperation } from './roiEdits';

const MOST_FILES = 200;
/** Of one file. */
const MOST_OPERATIONS = 1_000;
/** Some 5 MB, of the 8 that a request may have. */
const MOST_POINTS = 80_000;

/** Edits of one file that go with one request. */
export interface Parcel {
  readonly book: FileRois;
  readonly revision: string;
  readonly operations: readonly RoiOperation[];
  /** All ROIs as they are once the edits are made; null where some edits have to wait. */
  readonly sent: readonly Roi[] | null;
}

/** What goes with the next request, from the first file on; at least one operation. */
export function parcelsOf(books: readonly FileRois[]): Parcel[] {
  const parcels: Parcel[] = [];
  let points = 0;
  for (const book of books.slice(0, MOST_FILES)) {
    const { unsent, list, known } = book;
    const operations: RoiOperation[] = [];
    for (const operation of unsent.slice(0, MOST_OPERATIONS)) {
      points += operation.op === 'remove' ? 0 : operation.roi.shape.points.length;
      const isFirst = parcels.length === 0 && operations.length === 0;
      if (points > MOST_POINTS && !isFirst) break;
      operations.push(operation);
    }
    if (operations.length > 0 && known !== null) {
      const sent = operations.length === unsent.length ? list : null;
      parcels.push({ book, revision: known.revision, operations, sent });
    }
    if (points > MOST_POINTS) break;
  }
  return parcels;
}
