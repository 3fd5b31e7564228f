/** Shapes as they are seen in a viewport: where their labels stand, and which of them a pointer meets. */
import type { Scale } from '../../dicom/shapeEdits';
import { distanceTo, distanceToPiece, handleAt } from '../../dicom/shapeHits';
import { boundsOf, type Box, type ImagePoint, type Shape } from '../../dicom/shapes';
import { apply, toMatrix, type Camera, type Point, type Size } from '../../interaction/camera';
import { placeLabels, type ScreenBox } from '../../interaction/labelPlaces';
import type { MeasurementResult } from './measurementResult';
import type { Part } from './shapeGrip';

/** One shape as it is seen. */
export interface ShapeItem {
  /** Empty while it is being drawn. */
  key: string;
  shape: Shape;
  isSelected: boolean;
  /** Hands are kept off it. */
  isLocked: boolean;
  /** It came in so. */
  isReadOnly: boolean;
  /** Of itself or of its label; empty for the usual one. */
  color: string;
  labelOffset: ImagePoint | null;
  /** null until the frame is there. */
  result: MeasurementResult | null;
  lines: readonly string[];
}

/** A label on the screen. */
export interface ShapeLabel extends Pick<ShapeItem, 'key' | 'lines' | 'color'> {
  box: ScreenBox;
}

const LABEL_LINE_CSS_PX = 16;
const LABEL_CHARACTER_CSS_PX = 6.7;

/** Labels of all that is in view and has something to say, in the order of the shapes. */
export function shapeLabels(items: readonly ShapeItem[], camera: Camera): ShapeLabel[] {
  const matrix = toMatrix(camera);
  const requests = items.flatMap((item) => {
    const { shape, lines, labelOffset } = item;
    if (lines.length === 0) return [];
    const corners = boundsOf(shape.points.map((point) => apply(matrix, point)));
    if (labelOffset === null && !isInView(corners, camera.viewport)) return [];
    const [first = { x: 0, y: 0 }] = shape.points;
    const place =
      labelOffset && apply(matrix, { x: first.x + labelOffset.x, y: first.y + labelOffset.y });
    const width = Math.max(...lines.map(({ length }) => length)) * LABEL_CHARACTER_CSS_PX;
    const size = { width, height: lines.length * LABEL_LINE_CSS_PX };
    return [{ item, shape: corners, place, size }];
  });
  return placeLabels(requests, camera.viewport).map(({ x, y }, index) => {
    const { item, size } = requests[index] as (typeof requests)[number];
    const { key, lines, color } = item;
    const box = { left: x, top: y, right: x + size.width, bottom: y + size.height };
    return { key, lines, color, box };
  });
}

function isInView({ left, top, right, bottom }: ScreenBox, { width, height }: Size): boolean {
  return right >= 0 && bottom >= 0 && left <= width && top <= height;
}

/** How near a pointer must come, in CSS pixels. */
const MOUSE_REACH = { handle: 8, line: 5 };
const FINGER_REACH = { handle: 20, line: 14 };

/** All that there is to be met. */
interface Targets {
  readonly items: readonly ShapeItem[];
  readonly handled: ShapeItem | null;
  readonly edges: readonly { edge: number; middle: ImagePoint }[];
}

/** What a pointer meets: a handle of the selected shape, else the middle of an edge, else the nearest outline, else a label. */
export function shapeHitAt(
  { items, handled, edges }: Targets,
  labels: readonly ShapeLabel[],
  { at, isFinger }: { at: Point; isFinger: boolean },
  pen: { at: ImagePoint; scale: Scale },
): { key: string; part: Part } | null {
  const reach = isFinger ? FINGER_REACH : MOUSE_REACH;
  if (handled !== null) {
    const { key, shape } = handled;
    const handle = handleAt(shape, pen.at, pen.scale, reach.handle);
    if (handle !== null) return { key, part: { kind: 'handle', handle } };
    const gaps = edges.map(({ middle }) => distanceToPiece(middle, middle, pen.at, pen.scale));
    const found = edges[gaps.indexOf(Math.min(...gaps, reach.handle))];
    if (found !== undefined) return { key, part: { kind: 'edge', edge: found.edge } };
  }
  let nearest: ShapeItem | null = null;
  let least = reach.line;
  // What lies on top comes first.
  for (const item of items.toReversed()) {
    if (item.key === '' || !isNear(item.shape, pen, reach.line)) continue;
    const distance = distanceTo(item.shape, pen.at, pen.scale);
    if (distance < least) [nearest, least] = [item, distance];
  }
  if (nearest !== null) return { key: nearest.key, part: { kind: 'shape' } };
  const label = labels.findLast(({ key, box }) => key !== '' && isWithin(box, at));
  return label === undefined ? null : { key: label.key, part: { kind: 'label' } };
}

/** Boxes around shapes, which do not change. */
const BOUNDS = new WeakMap<Shape, Box>();

/** Whether a point comes near the box around a shape: among thousands, few need a closer look. */
function isNear(shape: Shape, { at, scale }: { at: ImagePoint; scale: Scale }, reach: number) {
  const box = BOUNDS.get(shape) ?? boundsOf(shape.points);
  BOUNDS.set(shape, box);
  const [x, y] = [reach / scale.x, reach / scale.y];
  const { left, top, right, bottom } = box;
  return isWithin({ left: left - x, top: top - y, right: right + x, bottom: bottom + y }, at);
}

export function isWithin(box: Box, { x, y }: Point): boolean {
  return x >= box.left && x <= box.right && y >= box.top && y <= box.bottom;
}
