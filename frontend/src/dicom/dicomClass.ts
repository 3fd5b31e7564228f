const PREAMBLE_BYTES = 128;

/** The bytes of (0002,0002) Media Storage SOP Class UID, in explicit little endian. */
const CLASS_ELEMENT = [0x02, 0x00, 0x02, 0x00, 0x55, 0x49];

/** The meta group is short; the element is among the first. */
const SEARCHED_BYTES = 1_024;

/**
 * The SOP Class UID that the meta group of a file names; empty where it is not found, null for
 * what is no DICOM file (DICOM PS3.10 7.1).
 */
export function dicomClass(head: Uint8Array): string | null {
  const begin = PREAMBLE_BYTES + 4;
  if (text(head.subarray(PREAMBLE_BYTES, begin)) !== 'DICM') return null;
  for (let at = begin; at + 8 < Math.min(head.length, SEARCHED_BYTES); at += 1) {
    if (CLASS_ELEMENT.some((byte, offset) => head[at + offset] !== byte)) continue;
    const length = (head[at + 6] ?? 0) + 256 * (head[at + 7] ?? 0);
    // UIDs of odd length end with a null.
    return text(head.subarray(at + 8, at + 8 + length)).replace(/\0+$/, '');
  }
  return '';
}

function text(bytes: Uint8Array): string {
  return String.fromCharCode(...bytes);
}
