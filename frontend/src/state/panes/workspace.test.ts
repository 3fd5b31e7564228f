import { expect, test } from 'vitest';

import type { Pane } from './pane.svelte';
import { Workspace } from './workspace.svelte';

/** Panes that are told apart by what they hold; empty ones hold nothing. */
function workspaceOf(...held: string[]) {
  const contents = new Map<Pane, string>();
  const workspace = new Workspace(() => {
    const pane = {
      get isEmpty() {
        return !contents.has(pane);
      },
    } as Pane;
    return pane;
  });
  const fill = (text: string) => {
    contents.set(workspace.active, text);
  };
  if (held[0] !== undefined) fill(held[0]);
  const seen = () => workspace.panes.map((pane) => contents.get(pane) ?? '');
  return { workspace, fill, seen };
}

const grid = (rows: number, columns: number) => ({ rows, columns });

test('the first of the panes that come into sight empty is the one to fill', () => {
  const { workspace, fill, seen } = workspaceOf('a');
  workspace.setGrid(grid(2, 2));
  expect(workspace.panes.indexOf(workspace.active)).toBe(1);
  fill('b');
  expect(seen()).toEqual(['a', 'b', '', '']);
});

test('an active pane that is empty itself stays active', () => {
  const { workspace } = workspaceOf();
  workspace.setGrid(grid(1, 2));
  expect(workspace.panes.indexOf(workspace.active)).toBe(0);
});

test('the active pane stays in sight, and the others come back with what they hold', () => {
  const { workspace, fill, seen } = workspaceOf('a');
  workspace.setGrid(grid(1, 2));
  fill('b');
  workspace.setGrid(grid(1, 1));
  expect(seen()).toEqual(['b']);
  workspace.setGrid(grid(1, 2));
  expect(seen()).toEqual(['b', 'a']);
  expect(workspace.panes.indexOf(workspace.active)).toBe(0);
});

test('the active pane is shown alone for a while, and another one after that', () => {
  const { workspace, fill, seen } = workspaceOf('a');
  workspace.toggleMaximized();
  expect(workspace.isMaximized).toBe(false);
  workspace.setGrid(grid(1, 2));
  fill('b');
  workspace.toggleMaximized();
  expect([seen(), workspace.shownGrid, workspace.grid]).toEqual([['b'], grid(1, 1), grid(1, 2)]);
  workspace.toggleMaximized();
  expect([seen(), workspace.shownGrid]).toEqual([['a', 'b'], grid(1, 2)]);
});

test('choosing an arrangement ends that one pane is shown alone', () => {
  const { workspace } = workspaceOf('a');
  workspace.setGrid(grid(2, 1));
  workspace.toggleMaximized();
  workspace.setGrid(grid(2, 2));
  expect([workspace.isMaximized, workspace.panes.length]).toEqual([false, 4]);
});
