import type { Roi } from '../../dicom/roi';

/** What is seen of layers on this page, and which of them is drawn into. A layer is known by its name. */
export class Layers {
  #hidden = $state.raw<ReadonlySet<string>>(new Set());
  #locked = $state.raw<ReadonlySet<string>>(new Set());
  /** Layers that were made here and may be empty. */
  #made = $state.raw<readonly string[]>([]);
  /** New ROIs go there; the empty name is the layer that every page has. */
  target = $state('');

  get made(): readonly string[] {
    return this.#made;
  }

  isShown(layer: string): boolean {
    return !this.#hidden.has(layer);
  }

  /** Whether somebody on this page has asked to keep hands off it. */
  isLocked(layer: string): boolean {
    return this.#locked.has(layer);
  }

  toggleShown(layer: string): void {
    this.#hidden = toggled(this.#hidden, layer);
  }

  toggleLocked(layer: string): void {
    this.#locked = toggled(this.#locked, layer);
  }

  /** Makes a layer and draws into it. */
  make(layer: string): void {
    if (layer !== '' && !this.#made.includes(layer)) this.#made = [...this.#made, layer];
    this.drawInto(layer);
  }

  /** What is drawn into is seen and free. */
  drawInto(layer: string): void {
    this.target = layer;
    this.#hidden = without(this.#hidden, layer);
    this.#locked = without(this.#locked, layer);
  }

  /** A layer goes on under another name. */
  rename(from: string, to: string): void {
    const renamed = (layer: string) => (layer === from ? to : layer);
    this.#hidden = new Set([...this.#hidden].map(renamed));
    this.#locked = new Set([...this.#locked].map(renamed));
    this.#made = [...new Set(this.#made.map(renamed))].filter((layer) => layer !== '');
    this.target = renamed(this.target);
  }
}

/** One line of the list of layers. */
export interface LayerRow {
  name: string;
  count: number;
  /** Nothing in it can be edited: it came in so. */
  isReadOnly: boolean;
}

/** The layers of some ROIs, the one without a name first, and those that are still empty. */
export function layerRows(
  rois: readonly Roi[],
  { made, target }: Pick<Layers, 'made' | 'target'>,
): LayerRow[] {
  const rows = new Map<string, LayerRow>();
  for (const name of ['', ...made, target]) rows.set(name, { name, count: 0, isReadOnly: false });
  for (const { group, locked } of rois) {
    const row = rows.get(group);
    if (row === undefined) rows.set(group, { name: group, count: 1, isReadOnly: locked });
    else {
      row.isReadOnly = locked && (row.isReadOnly || row.count === 0);
      row.count += 1;
    }
  }
  return [...rows.values()];
}

function toggled(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  return set.has(member) ? without(set, member) : new Set([...set, member]);
}

function without(set: ReadonlySet<string>, member: string): ReadonlySet<string> {
  return new Set([...set].filter((one) => one !== member));
}
