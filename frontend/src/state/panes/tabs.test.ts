import { expect, test } from 'vitest';

import type { Pane } from './pane.svelte';
import { Tabs } from './tabs.svelte';
import { Workspace } from './workspace.svelte';

function tabsOf() {
  const closed: Pane[] = [];
  const makePane = () => {
    const pane = {
      isEmpty: true,
      rest: () => undefined,
      close: () => void closed.push(pane),
    } as unknown as Pane;
    return pane;
  };
  const tabs = new Tabs(() => new Workspace(makePane));
  return { tabs, closed };
}

test('a new tab stands after the one that is seen, and is shown', () => {
  const { tabs } = tabsOf();
  const [first] = tabs.all;
  tabs.open();
  const last = tabs.active;
  if (first === undefined) throw new Error('there is no tab');
  tabs.activate(first);
  tabs.open();
  expect(tabs.all).toEqual([first, tabs.active, last]);
});

test('the next tab takes the place of one that is closed, and its panes end', () => {
  const { tabs, closed } = tabsOf();
  tabs.open();
  tabs.open();
  const [first, second, third] = tabs.all;
  if (!first || !second || !third) throw new Error('three tabs are missing');
  tabs.activate(second);
  tabs.close(second);
  expect([tabs.all, tabs.active]).toEqual([[first, third], third]);
  expect(closed).toEqual(second.all);
  tabs.close(third);
  expect(tabs.active).toBe(first);
});

test('a tab that is not seen is closed without a change, and the last one not at all', () => {
  const { tabs } = tabsOf();
  const [first] = tabs.all;
  tabs.open();
  if (first === undefined) throw new Error('there is no tab');
  const seen = tabs.active;
  tabs.close(first);
  tabs.close(seen);
  expect([tabs.all, tabs.active]).toEqual([[seen], seen]);
});
