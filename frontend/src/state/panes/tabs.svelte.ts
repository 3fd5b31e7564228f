import type { Pane } from './pane.svelte';
import type { Workspace } from './workspace.svelte';

/** Workspaces that take turns. Those that are not seen keep what they show. */
export class Tabs {
  readonly #makeWorkspace: () => Workspace;
  #all = $state.raw<readonly Workspace[]>([]);
  #active = $state.raw<Workspace>();

  constructor(makeWorkspace: () => Workspace) {
    this.#makeWorkspace = makeWorkspace;
    this.open();
  }

  get all(): readonly Workspace[] {
    return this.#all;
  }

  get active(): Workspace {
    return this.#active as Workspace;
  }

  /** The panes of all tabs. */
  get panes(): readonly Pane[] {
    return this.#all.flatMap(({ all }) => all);
  }

  /** Opens an empty tab after the one that is seen, and shows it. */
  open(): void {
    const workspace = this.#makeWorkspace();
    const all = [...this.#all];
    all.splice(all.findIndex((other) => other === this.#active) + 1, 0, workspace);
    this.#all = all;
    this.activate(workspace);
  }

  /** Shows another tab; in the one before nothing goes on playing. */
  activate(workspace: Workspace): void {
    if (workspace === this.#active) return;
    for (const pane of this.#active?.all ?? []) pane.rest();
    this.#active = workspace;
  }

  /** Closes a tab; in its place comes the next, or the one before. The last one stays. */
  close(workspace: Workspace): void {
    const place = this.#all.indexOf(workspace);
    const rest = this.#all.filter((other) => other !== workspace);
    const neighbour = rest[place] ?? rest.at(-1);
    if (place < 0 || neighbour === undefined) return;
    this.#all = rest;
    if (this.#active === workspace) this.activate(neighbour);
    for (const pane of workspace.all) pane.close();
  }
}
