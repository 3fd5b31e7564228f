/** Ways to data elements: the API writes `52009230/0/00289132`, people `(5200,9230)[0].(0028,9132)`. */

/** `(0010,0010)` in a path of the API: `00100010`. */
export function tagDigits(tag: string): string {
  return tag.replace(/[(),]/g, '');
}

/** A path of the API as it is written down. */
export function pathText(path: string): string {
  return path
    .split('/')
    .map((step, place) =>
      place % 2 === 0
        ? `${place > 0 ? '.' : ''}(${step.slice(0, 4)},${step.slice(4)})`
        : `[${step}]`,
    )
    .join('');
}

/** Whether a tag is one of those that makers give a meaning of their own (DICOM PS3.5 7.8). */
export function isPrivate(tag: string): boolean {
  return Number.parseInt(tag.slice(4, 5), 16) % 2 === 1;
}
