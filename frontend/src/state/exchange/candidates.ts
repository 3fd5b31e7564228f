import { dicomClass } from '../../dicom/dicomClass';
import { formatBytes } from '../../dicom/format';

/** What the server takes at most. */
export const LARGEST_BYTES = 64 * 1024 * 1024;

/** So much of a file shows what it is, and the first rows of a table. */
export const HEAD_BYTES = 64 * 1024;

/** SR documents, presentation states and segmentations: DICOM objects that can hold ROIs. */
const ROI_CLASSES = /^1\.2\.840\.10008\.5\.1\.4\.1\.1\.(88\.|11\.|66\.[47]$)/;

/** What somebody wants to import; no content is a folder. */
export interface Offered {
  name: string;
  content: Blob | null;
}

/** Why a file is not even sent; empty where it may be what it should. */
export function refusal(size_bytes: number, head: Uint8Array): string {
  if (size_bytes === 0) return 'The file is empty.';
  if (size_bytes > LARGEST_BYTES) {
    return `The file has ${formatBytes(size_bytes)}; at most ${formatBytes(LARGEST_BYTES)} can be imported.`;
  }
  const sopClass = dicomClass(head);
  if (sopClass === null || ROI_CLASSES.test(sopClass)) return '';
  return 'This is a DICOM image or another object without ROIs. To look at it, start dcmview with its path.';
}

/** Whether it may be a table of which somebody has to say what its columns are. */
export function mayBeTable(head: Uint8Array): boolean {
  if (head.includes(0)) return false;
  return !/^\s*[[{]/.test(new TextDecoder().decode(head.subarray(0, 256)));
}

/** Whole lines, as long as there are any. */
export function wholeLines(head: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  if (head.length < HEAD_BYTES) return head;
  const end = head.lastIndexOf(LINE_FEED);
  return end < 0 ? head : head.subarray(0, end + 1);
}

const LINE_FEED = 0x0a;

/** What a layer is called after its file: the name without what says its kind. */
export function layerName(fileName: string): string {
  return fileName.replace(/(.)\.[^.]*$/, '$1').slice(0, LONGEST_NAME);
}

/** What the server takes as the name of a layer. */
export const LONGEST_NAME = 256;
