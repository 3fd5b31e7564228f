/** Edits of the ROIs of one file, as plain lists: carried out, taken back, told to the server, merged. */
import { isSame, newRoiId, type Roi } from '../../dicom/roi';

type Rois = readonly Roi[];

/** What becomes of one ROI. `before` is null for a new one, `after` for one that goes. */
export interface RoiChange {
  readonly before: Roi | null;
  readonly after: Roi | null;
  /** Where it stands in the list that has it. */
  readonly index: number;
}

/** Changes of several ROIs that are one to the person who makes them. */
export type RoiStep = readonly RoiChange[];

/** Carries changes out on a list that may have changed since they were made. */
export function applyStep(list: Rois, step: RoiStep): { list: Rois; done: RoiStep } {
  const places = new Map(list.map((roi, index) => [roi.id, index]));
  const replaced = new Map<string, Roi | null>();
  const added: { roi: Roi; index: number }[] = [];
  const done: RoiChange[] = [];
  for (const { before, after, index } of step) {
    const id = (after ?? before)?.id ?? '';
    const place = places.get(id);
    const present = place === undefined ? null : (list[place] ?? null);
    if (present === null && after === null) continue;
    done.push({ before: present, after, index: place ?? index });
    if (present !== null) replaced.set(id, after);
    else if (after !== null) added.push({ roi: after, index });
  }
  const result = list.flatMap((roi) => {
    const other = replaced.get(roi.id);
    return other === undefined ? [roi] : other === null ? [] : [other];
  });
  added.sort((one, other) => one.index - other.index);
  for (const { roi, index } of added) result.splice(index, 0, roi);
  return { list: result, done };
}

export function inverse(step: RoiStep): RoiStep {
  return step.map(({ before, after, index }) => ({ before: after, after: before, index }));
}

/** Two steps, one after the other, as one. */
export function joined(first: RoiStep, second: RoiStep): RoiStep {
  const changes = new Map(first.map((change) => [idOf(change), change]));
  for (const change of second) {
    const earlier = changes.get(idOf(change));
    changes.set(idOf(change), earlier === undefined ? change : { ...earlier, after: change.after });
  }
  return [...changes.values()];
}

function idOf({ before, after }: RoiChange): string {
  return (after ?? before)?.id ?? '';
}

export type RoiOperation =
  | { op: 'add'; roi: Roi; index: number }
  | { op: 'replace'; roi: Roi }
  | { op: 'remove'; id: string };

/** Whether the server would see no difference. */
export function isAlike(one: Roi, other: Roi): boolean {
  return one === other || isSame(one, { ...other, labelOffset: one.labelOffset });
}

/** What makes one list of the other, in the order in which it is to be done. */
export function operationsBetween(from: Rois, to: Rois): RoiOperation[] {
  const known = new Map(from.map((roi) => [roi.id, roi]));
  const kept = new Set(to.map(({ id }) => id));
  const operations: RoiOperation[] = from
    .filter(({ id }) => !kept.has(id))
    .map(({ id }) => ({ op: 'remove', id }));
  to.forEach((roi, index) => {
    const before = known.get(roi.id);
    if (before === undefined) operations.push({ op: 'add', roi, index });
    else if (!isAlike(before, roi)) operations.push({ op: 'replace', roi });
  });
  return operations;
}

export interface Merged {
  list: Rois;
  /** How many were changed here and elsewhere so that both had to be kept. */
  doubled: number;
}

/**
 * Two lists that were made of one, as one list without losing an edit. Where
 * both have changed the same part of an ROI there are two of it afterwards;
 * an edit wins over a removal.
 */
export function merge(base: Rois, mine: Rois, theirs: Rois): Merged {
  const old = new Map(base.map((roi) => [roi.id, roi]));
  const own = new Map(mine.map((roi) => [roi.id, roi]));
  const list: Roi[] = [];
  let doubled = 0;
  for (const their of theirs) {
    const before = old.get(their.id) ?? null;
    const mineNow = own.get(their.id) ?? null;
    own.delete(their.id);
    if (mineNow === null) {
      // Removed here, unless it is new there or was edited there meanwhile.
      if (before === null || !isSame(before, their)) list.push(their);
      continue;
    }
    // What is the same stays the very same: results hang on shapes.
    const one = isAlike(mineNow, their) ? mineNow : mergedRoi(before, mineNow, their);
    list.push(one ?? their);
    if (one === null) {
      list.push({ ...mineNow, id: newRoiId() });
      doubled += 1;
    }
  }
  for (const rest of own.values()) {
    const before = old.get(rest.id);
    // Removed there, unless it is new here or was edited here meanwhile.
    if (before === undefined || !isSame(before, rest)) list.push(rest);
  }
  return { list, doubled };
}

/** An ROI as the server spells it. Parts that are the same stay the very same: results hang on shapes. */
export function respelled(roi: Roi, spelled: Roi): Roi {
  if (isAlike(roi, spelled)) return roi;
  const parts = (Object.keys(spelled) as (keyof Roi)[]).map((name): [string, unknown] => {
    const [own, value] = [roi[name], spelled[name]];
    return [name, name === 'labelOffset' || isSame(own, value) ? own : value];
  });
  return Object.fromEntries(parts) as unknown as Roi;
}

/** One ROI with the changes of both; null where they contradict each other. */
function mergedRoi(before: Roi | null, mine: Roi, theirs: Roi): Roi | null {
  const modified = mine.modified > theirs.modified ? mine.modified : theirs.modified;
  const parts: [string, unknown][] = [];
  for (const name of Object.keys(mine) as (keyof Roi)[]) {
    const [old, own, other] = [before?.[name], mine[name], theirs[name]];
    if (name === 'modified') parts.push([name, modified]);
    else if (name === 'labelOffset' || isSame(own, other)) parts.push([name, own]);
    else if (isSame(old, own)) parts.push([name, other]);
    else if (before !== null && isSame(old, other)) parts.push([name, own]);
    else return null;
  }
  return Object.fromEntries(parts) as unknown as Roi;
}
