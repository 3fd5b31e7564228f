import type { Component } from 'svelte';

import type { PanelName } from '../../state/layout.svelte';

/** What stands at the right, by name, fetched when it is opened. */
export const PANELS: Readonly<Record<PanelName, () => Promise<{ default: Component }>>> = {
  tags: () => import('./TagPanel.svelte'),
  explanation: () => import('./ExplanationPanel.svelte'),
  measurements: () => import('./rois/RoiPanel.svelte'),
  histogram: () => import('./HistogramPanel.svelte'),
};
