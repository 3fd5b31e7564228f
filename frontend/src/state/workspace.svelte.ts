import type { Pane } from './pane.svelte';

/** Rows and columns of panes. */
export interface Grid {
  rows: number;
  columns: number;
}

/** Panes side by side, one of them active: keys and tools work there. */
export class Workspace {
  readonly #makePane: () => Pane;
  #grid = $state.raw<Grid>({ rows: 1, columns: 1 });
  /** Row by row; those beyond the grid keep what they show until they are seen again. */
  #all = $state.raw<readonly Pane[]>([]);
  #active = $state.raw<Pane>();

  readonly panes: readonly Pane[] = $derived(
    this.#all.slice(0, this.#grid.rows * this.#grid.columns),
  );

  constructor(makePane: () => Pane) {
    this.#makePane = makePane;
    const first = makePane();
    this.#all = [first];
    this.#active = first;
  }

  get grid(): Grid {
    return this.#grid;
  }

  /** The panes, those beyond the grid too. */
  get all(): readonly Pane[] {
    return this.#all;
  }

  get active(): Pane {
    return this.#active as Pane;
  }

  /** Arranges the panes anew; the active one stays in sight. */
  setGrid(grid: Grid): void {
    const count = grid.rows * grid.columns;
    const all = [...this.#all];
    while (all.length < count) all.push(this.#makePane());
    const place = all.indexOf(this.active);
    if (place >= count) {
      all.splice(place, 1);
      all.splice(count - 1, 0, this.active);
    }
    this.#all = all;
    this.#grid = grid;
  }

  activate(pane: Pane): void {
    this.#active = pane;
  }
}
