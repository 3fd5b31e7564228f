import type { Pane } from './pane.svelte';

/** Rows and columns of panes. */
export interface Grid {
  rows: number;
  columns: number;
}

export const ONE_PANE: Grid = { rows: 1, columns: 1 };

/** The arrangements to choose from. */
export const GRIDS: readonly Grid[] = [
  ONE_PANE,
  { rows: 1, columns: 2 },
  { rows: 2, columns: 1 },
  { rows: 2, columns: 2 },
  { rows: 3, columns: 3 },
];

/** Panes side by side, one of them active: keys and tools work there. */
export class Workspace {
  readonly #makePane: () => Pane;
  #grid = $state.raw<Grid>(ONE_PANE);
  /** Row by row; those beyond the grid keep what they show until they are seen again. */
  #all = $state.raw<readonly Pane[]>([]);
  #active = $state.raw<Pane>();
  #isMaximized = $state(false);

  /** The panes of the grid, those hidden behind a large one too. */
  readonly arranged: readonly Pane[] = $derived(
    this.#all.slice(0, this.#grid.rows * this.#grid.columns),
  );
  /** The panes that are seen. */
  readonly panes: readonly Pane[] = $derived(this.#isMaximized ? [this.active] : this.arranged);

  constructor(makePane: () => Pane) {
    this.#makePane = makePane;
    const first = makePane();
    this.#all = [first];
    this.#active = first;
  }

  /** The arrangement that was chosen. */
  get grid(): Grid {
    return this.#grid;
  }

  /** The arrangement that is seen. */
  get shownGrid(): Grid {
    return this.#isMaximized ? ONE_PANE : this.#grid;
  }

  /** The panes, those beyond the grid too. */
  get all(): readonly Pane[] {
    return this.#all;
  }

  get active(): Pane {
    return this.#active as Pane;
  }

  /** Whether the active pane hides the others for a while. */
  get isMaximized(): boolean {
    return this.#isMaximized;
  }

  /**
   * Arranges the panes anew; the active one stays in sight. Where empty panes
   * come into sight the first of them becomes active, to be filled.
   */
  setGrid(grid: Grid): void {
    const before = new Set(this.arranged);
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
    this.#isMaximized = false;
    const empty = this.arranged.find((pane) => !before.has(pane) && pane.isEmpty);
    if (empty !== undefined && !this.active.isEmpty) this.#active = empty;
  }

  activate(pane: Pane): void {
    this.#active = pane;
  }

  /** Shows the active pane alone, or all of them again. */
  toggleMaximized(): void {
    this.#isMaximized = !this.#isMaximized && this.arranged.length > 1;
  }
}
