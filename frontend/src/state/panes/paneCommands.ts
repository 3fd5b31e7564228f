import type { Session } from '../session';

/** Layout, and panes that go together. */
export const PANE_COMMANDS = {
  'layout-menu': ({ layout }) => layout.toggleMenu('layout-menu'),
  maximize: ({ workspace }) => workspace.toggleMaximized(),
  'link-scroll': ({ links }) => links.toggle('scroll'),
  'link-window': ({ links }) => links.toggle('window'),
  'link-zoom': ({ links }) => links.toggle('zoom'),
  'reference-lines': ({ links }) => (links.hasReferenceLines = !links.hasReferenceLines),
  'new-tab': ({ tabs }) => tabs.open(),
  'copy-link': ({ layout }) => {
    layout.menu = 'layout-menu';
    layout.isLinkShown = true;
  },
} as const satisfies Record<string, (session: Session) => unknown>;
