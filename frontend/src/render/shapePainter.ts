/** Many shapes at once, on a canvas: as elements of the page they would be too slow. */
import { boundsOf, linesOf, type Shape } from '../dicom/shapes';
import { toMatrix, type Camera } from '../interaction/camera';

/** A shape with what its line looks like. */
export interface PaintedShape {
  readonly shape: Shape;
  /** Empty for the usual one. */
  readonly color: string;
  readonly isReadOnly: boolean;
}

/** Shapes that look the same, as one path in image points. */
interface Stroke {
  readonly color: string;
  readonly isDashed: boolean;
  readonly isDot: boolean;
  readonly path: Path2D;
}

const USUAL_COLOR = '#ffd84d';
const HALO_COLOR = 'rgb(0 0 0 / 70%)';
const WIDTH_CSS_PX = { line: 1.6, halo: 4 };
const DOT_CSS_PX = { line: 6, halo: 9 };
const DASHES_CSS_PX = [6, 4];

/** Shapes as few paths, which stay as they are when the camera moves. */
export function strokesOf(shapes: readonly PaintedShape[]): Stroke[] {
  const strokes = new Map<string, Stroke>();
  for (const { shape, color, isReadOnly } of shapes) {
    const isDot = shape.kind === 'point';
    const name = [color, isReadOnly, isDot].join();
    const stroke = strokes.get(name) ?? {
      color: color || USUAL_COLOR,
      isDashed: isReadOnly,
      isDot,
      path: new Path2D(),
    };
    strokes.set(name, stroke);
    trace(stroke.path, shape);
  }
  return [...strokes.values()];
}

function trace(path: Path2D, shape: Shape): void {
  if (shape.kind === 'ellipse') {
    const { left, top, right, bottom } = boundsOf(shape.points);
    path.moveTo(right, (top + bottom) / 2);
    path.ellipse(
      (left + right) / 2,
      (top + bottom) / 2,
      (right - left) / 2,
      (bottom - top) / 2,
      0,
      0,
      2 * Math.PI,
    );
    return;
  }
  for (const [first, ...rest] of linesOf(shape)) {
    if (first === undefined) continue;
    path.moveTo(first.x, first.y);
    // A line without length is a dot.
    for (const { x, y } of rest.length > 0 ? rest : [first]) path.lineTo(x, y);
  }
}

/** Draws strokes and nothing else; none without a camera. */
export function paintStrokes(
  canvas: HTMLCanvasElement,
  strokes: readonly Stroke[],
  camera: Camera | null,
  pixelRatio: number,
): void {
  const { width, height } = camera?.viewport ?? { width: 0, height: 0 };
  const size = { width: Math.round(width * pixelRatio), height: Math.round(height * pixelRatio) };
  if (canvas.width !== size.width || canvas.height !== size.height) Object.assign(canvas, size);
  const context = canvas.getContext('2d');
  if (context === null) return;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.clearRect(0, 0, canvas.width, canvas.height);
  if (camera === null || strokes.length === 0) return;
  const matrix = toMatrix(camera);
  // Lines are as wide in both directions, however pixels are stretched.
  const placed = strokes.map((stroke) => {
    const path = new Path2D();
    path.addPath(stroke.path, matrix);
    return { ...stroke, path };
  });
  context.setTransform(pixelRatio, 0, 0, pixelRatio, 0, 0);
  context.lineCap = 'round';
  context.lineJoin = 'round';
  for (const { path, isDot } of placed) {
    context.strokeStyle = HALO_COLOR;
    context.lineWidth = (isDot ? DOT_CSS_PX : WIDTH_CSS_PX).halo;
    context.stroke(path);
  }
  for (const { path, isDot, isDashed, color } of placed) {
    context.strokeStyle = color;
    context.lineWidth = (isDot ? DOT_CSS_PX : WIDTH_CSS_PX).line;
    context.setLineDash(isDashed ? DASHES_CSS_PX : []);
    context.stroke(path);
  }
  context.setLineDash([]);
}
