import { expect, test } from 'vitest';

import { layerName, mayBeTable, refusal, wholeLines } from './candidates';

const bytes = (text: string) => new TextEncoder().encode(text);

function dicom(sopClass: string): Uint8Array {
  const length = String.fromCharCode(sopClass.length, 0);
  return bytes(`${'\0'.repeat(128)}DICM\u0002\0\u0002\0UI${length}${sopClass}`);
}

test('an image is refused plainly, and an object that can hold ROIs is not', () => {
  expect(refusal(1_000, dicom('1.2.840.10008.5.1.4.1.1.2.'))).toContain('DICOM image');
  expect(refusal(1_000, dicom('1.2.840.10008.5.1.4.1.1.88.34'))).toBe('');
  expect(refusal(1_000, dicom('1.2.840.10008.5.1.4.1.1.66.4'))).toBe('');
  expect(refusal(1_000, dicom('1.2.840.10008.5.1.4.1.1.11.1'))).toBe('');
  expect(refusal(1_000, bytes('a,b'))).toBe('');
});

test('files that are empty or too large are refused in words', () => {
  expect(refusal(0, bytes(''))).toBe('The file is empty.');
  expect(refusal(64 * 1024 * 1024, bytes('{'))).toBe('');
  expect(refusal(80 * 1024 * 1024, bytes('{'))).toBe(
    'The file has 80 MiB; at most 64 MiB can be imported.',
  );
});

test('what is text and no JSON may be a table', () => {
  expect(mayBeTable(bytes('file,x1\n'))).toBe(true);
  expect(mayBeTable(bytes('\ufeff \n{"a": 1}'))).toBe(false);
  expect(mayBeTable(bytes('[1]'))).toBe(false);
  expect(mayBeTable(Uint8Array.from([0x89, 0x50, 0, 0]))).toBe(false);
});

test('the beginning of a long table ends with a whole line', () => {
  const long = bytes(`${'a,b\n'.repeat(16_383)}cdef`);
  expect(long.length).toBe(65_536);
  expect(wholeLines(long).length).toBe(65_532);
  expect(wholeLines(bytes('a,b\nc'))).toEqual(bytes('a,b\nc'));
});

test('a layer is called after its file', () => {
  expect(layerName('model 7.json')).toBe('model 7');
  expect(layerName('v1.2.csv')).toBe('v1.2');
  expect(layerName('.hidden')).toBe('.hidden');
  expect(layerName('predictions')).toBe('predictions');
});
