import type { ReportRow } from '../../api/types.gen';
import type { Catalog, PartNode, PatientNode, SeriesNode, StudyNode } from './catalog';
import type { FolderNode } from './folders';
import type { Matcher } from './matcher';
import type { SkippedEnd, SkippedPaths } from './skipped.svelte';

/** What stands in the list, one item a line: things that exist already, so that a long list is made quickly. */
export type TreeItem =
  FolderNode | PatientNode | StudyNode | SeriesNode | PartNode | GroupItem | SkippedItem | MoreItem;

/** A group below the patients. */
export interface GroupItem {
  readonly kind: 'group';
  readonly key: string;
  readonly level: 1;
  readonly end: SkippedEnd;
  readonly label: string;
  readonly count: number;
}

/** A path that is not listed. */
export interface SkippedItem {
  readonly kind: 'skipped';
  readonly key: string;
  readonly level: 2;
  readonly row: ReportRow;
}

/** Stands for the paths of a group that are not fetched yet. */
export interface MoreItem {
  readonly kind: 'more';
  readonly key: string;
  readonly level: 2;
  readonly end: SkippedEnd;
  readonly fetched: number;
  readonly total: number;
}

export interface TreeItems {
  items: TreeItem[];
  /** Series of a study or below a folder that pass the filter; of a study only where its branch is open. */
  seriesCounts: ReadonlyMap<StudyNode | FolderNode, number>;
  /** Series that pass the filter, and all of them. */
  shown: number;
  total: number;
}

/** The groups below the patients: their key, their name and what they hold. */
export const SIDE_GROUPS = [
  { key: 'not-images', label: 'Not images', end: 'not_dicom' },
  { key: 'not-readable', label: 'Not readable', end: 'unreadable' },
] as const;

export interface TreeOptions {
  matcher: Matcher;
  isCollapsed: (key: string) => boolean;
  /** The series by folder, where they are to stand so. */
  folders?: readonly FolderNode[] | null;
}

/** The items that are open, in order. While a filter is set everything that matches is open. */
export function treeItems(
  catalog: Catalog,
  skipped: Record<SkippedEnd, SkippedPaths>,
  options: TreeOptions,
): TreeItems {
  const lister = new Lister(options);
  const { folders = null } = options;
  if (folders === null) for (const patient of catalog.patients) lister.addPatient(patient);
  else for (const folder of folders) lister.addFolder(folder);
  for (const group of SIDE_GROUPS) {
    const objects = group.end === 'not_dicom' ? catalog.unattached : [];
    lister.addGroup(group, objects, skipped[group.end]);
  }
  const { items, seriesCounts, shown } = lister;
  return { items, seriesCounts, shown, total: catalog.size };
}

class Lister {
  readonly items: TreeItem[] = [];
  readonly seriesCounts = new Map<StudyNode | FolderNode, number>();
  shown = 0;
  readonly #matcher: Matcher;
  readonly #isCollapsed: (key: string) => boolean;

  constructor({ matcher, isCollapsed }: TreeOptions) {
    this.#matcher = matcher;
    this.#isCollapsed = isCollapsed;
  }

  addPatient(patient: PatientNode): void {
    const [place, shown] = [this.items.length, this.shown];
    const isOpen = this.#push(patient);
    for (const study of patient.studies) {
      const series = this.#matching(study.series);
      if (series.length === 0 || !isOpen) continue;
      this.seriesCounts.set(study, series.length);
      if (!this.#push(study)) continue;
      for (const member of series) {
        this.items.push(member);
        if (member.parts.length > 0 && this.#isOpen(member)) this.items.push(...member.parts);
      }
    }
    // Nothing of this patient passes the filter.
    if (this.shown === shown) this.items.length = place;
  }

  /** Adds what passes the filter below a folder, in sight or folded away. */
  addFolder(folder: FolderNode, isInSight = true): void {
    const [place, shown] = [this.items.length, this.shown];
    const isOpen = isInSight && this.#push(folder);
    for (const inner of folder.folders) this.addFolder(inner, isOpen);
    for (const member of this.#matching(folder.series)) {
      if (!isOpen) break;
      const level = folder.level + 1;
      this.items.push({ ...member, level });
      if (member.parts.length === 0 || !this.#isOpen(member)) continue;
      for (const part of member.parts) this.items.push({ ...part, level: level + 1 });
    }
    if (this.shown === shown) this.items.length = place;
    else this.seriesCounts.set(folder, this.shown - shown);
  }

  addGroup(
    group: (typeof SIDE_GROUPS)[number],
    objects: readonly SeriesNode[],
    { count, rows }: SkippedPaths,
  ): void {
    const members = this.#matching(objects);
    const paths = rows.filter((row) => this.#matcher.matchesPath(row));
    const more = count - rows.length;
    // How many of those that are not fetched would match is not known.
    const total = members.length + (this.#matcher.isEmpty ? count : paths.length);
    if (members.length + paths.length + more === 0) return;
    if (!this.#push({ ...group, kind: 'group', level: 1, count: total })) return;
    this.items.push(...members);
    for (const row of paths) {
      this.items.push({ kind: 'skipped', key: `skipped/${row.path}`, level: 2, row });
    }
    if (more > 0) {
      const { end } = group;
      const key = `${group.key}/more`;
      this.items.push({ kind: 'more', key, level: 2, end, fetched: rows.length, total: count });
    }
  }

  /** Adds an item and tells whether what is below it follows. */
  #push(item: TreeItem): boolean {
    this.items.push(item);
    return this.#isOpen(item);
  }

  #isOpen({ key }: TreeItem): boolean {
    return !this.#matcher.isEmpty || !this.#isCollapsed(key);
  }

  #matching(series: readonly SeriesNode[]): readonly SeriesNode[] {
    const matching = this.#matcher.isEmpty
      ? series
      : series.filter((node) => this.#matcher.matches(node));
    this.shown += matching.length;
    return matching;
  }
}
