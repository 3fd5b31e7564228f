/** Which elements tell who a patient is, or lead to it. */

/** Groups and elements by the beginning of their tag, `GGGGEEEE` in capitals. */
const IDENTIFYING = [
  '0010', // patient
  '00080050', // Accession Number
  '00080080', // Institution Name
  '00080081', // Institution Address
  '00081040', // Institutional Department Name
  '00081010', // Station Name
  '00200010', // Study ID
  '00120040', // Clinical Trial Subject ID
  '00120042', // Clinical Trial Subject Reading ID
  '00380010', // Admission ID
  '00400244', // Performed Procedure Step Start Date
  '00400253', // Performed Procedure Step ID
] as const;

/** Names of persons, and days and times at which something was done to them. */
const IDENTIFYING_VRS: readonly string[] = ['PN', 'DA', 'DT'];

/** Whether the value of an element is covered where nobody may be recognised. */
export function isIdentifying({ tag, vr }: { tag: string; vr: string }): boolean {
  const digits = tag.replace(/[^0-9a-f]/gi, '').toUpperCase();
  return IDENTIFYING_VRS.includes(vr) || IDENTIFYING.some((start) => digits.startsWith(start));
}
