import Angle from '@lucide/svelte/icons/angle';
import Compass from '@lucide/svelte/icons/drafting-compass';
import Circle from '@lucide/svelte/icons/circle';
import Crosshair from '@lucide/svelte/icons/crosshair';
import Lasso from '@lucide/svelte/icons/lasso';
import Pentagon from '@lucide/svelte/icons/pentagon';
import Ruler from '@lucide/svelte/icons/ruler';
import Spline from '@lucide/svelte/icons/line-squiggle';
import Square from '@lucide/svelte/icons/square';
import type { Component } from 'svelte';

import type { ShapeKind } from '../dicom/shapes';

/** The picture of each kind of shape in bars and lists. */
export const SHAPE_ICONS: Readonly<Record<ShapeKind, Component<{ size?: number | string }>>> = {
  rectangle: Square,
  ellipse: Circle,
  polygon: Pentagon,
  freehand: Lasso,
  polyline: Spline,
  point: Crosshair,
  length: Ruler,
  angle: Angle,
  cobb: Compass,
};
