import type { Component } from 'svelte';

import type { PanelName } from '../../state/layout.svelte';
import ExplanationPanel from './ExplanationPanel.svelte';
import MeasurementPanel from './MeasurementPanel.svelte';
import HistogramPanel from './HistogramPanel.svelte';
import TagPanel from './TagPanel.svelte';

/** What stands at the right, by name. */
export const PANELS: Readonly<Record<PanelName, Component>> = {
  tags: TagPanel,
  explanation: ExplanationPanel,
  measurements: MeasurementPanel,
  histogram: HistogramPanel,
};
