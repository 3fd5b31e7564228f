import { expect, test } from 'vitest';

import { dicomClass } from './dicomClass';

/** A file with a meta group of its length, (0002,0001) and (0002,0002). */
function file(uid: string): Uint8Array {
  const value = [...uid, ...(uid.length % 2 ? ['\0'] : [])].map((each) => each.charCodeAt(0));
  return Uint8Array.from([
    ...Array<number>(128).fill(0),
    ...[0x44, 0x49, 0x43, 0x4d],
    ...[2, 0, 0, 0, 0x55, 0x4c, 4, 0, 200, 0, 0, 0],
    ...[2, 0, 1, 0, 0x4f, 0x42, 0, 0, 2, 0, 0, 0, 0, 1],
    ...[2, 0, 2, 0, 0x55, 0x49, value.length, 0, ...value],
    ...Array<number>(50).fill(7),
  ]);
}

test('the class of a DICOM file stands in its meta group', () => {
  expect(dicomClass(file('1.2.840.10008.5.1.4.1.1.2'))).toBe('1.2.840.10008.5.1.4.1.1.2');
  expect(dicomClass(file('1.2.840.10008.5.1.4.1.1.66.4'))).toBe('1.2.840.10008.5.1.4.1.1.66.4');
});

test('a file that is cut short has no class, and no other file is DICOM', () => {
  expect(dicomClass(file('1.2').subarray(0, 150))).toBe('');
  expect(dicomClass(new TextEncoder().encode('{"images": []}'))).toBeNull();
  expect(dicomClass(new Uint8Array(400))).toBeNull();
});
