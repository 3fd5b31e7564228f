/** ROIs that are taken along to other frames and files. */
import { roiBody } from '../../api/roiBody';
import { plural } from '../../dicom/format';
import { isSame, type Roi } from '../../dicom/roi';
import { moveShapes, type ImageSize } from '../../dicom/shapeEdits';
import { boundsOf, type Shape } from '../../dicom/shapes';
import type { Session } from '../session';
import type { RoiEntry } from './fileRois.svelte';
import { copyOf } from './roiCopies';

/** A copy beside its original is so far from it that both can be taken. */
const BESIDE_CSS_PX = 12;

/** What was copied last, on this page. */
export class RoiClipboard {
  #rois: readonly Roi[] = [];

  get rois(): readonly Roi[] {
    return this.#rois;
  }

  /** Remembers what is selected, and gives it as the text that an import takes. */
  copy({ rois, pane }: Session): string {
    const { selected } = pane.editor;
    this.#rois = selected.map(({ roi }) => roi);
    const files = [...new Set(selected.map(({ file }) => file))].map((file) => ({
      path: rois.pathOf(file),
      rois: selected.filter((entry) => entry.file === file).map(({ roi }) => roiBody(roi)),
    }));
    return JSON.stringify({ format: 'dcmview-rois', version: 1, files }, null, 1);
  }

  paste(session: Session): void {
    pasteRois(session, this.#rois);
  }
}

/** Copies beside the originals, which are selected instead of them. */
export function duplicate(session: Session): void {
  pasteRois(
    session,
    session.pane.editor.selected.map(({ roi }) => roi),
  );
}

/** Puts copies of ROIs on the frame that is seen. None is scaled; those that are too large stay out. */
function pasteRois(session: Session, all: readonly Roi[]): void {
  const { rois, viewer, notices } = session;
  const { seen, camera } = viewer;
  if (seen === null || camera === null || all.length === 0) return;
  const { ref, rows, columns } = seen;
  const image = { width: columns, height: rows };
  const fitting = all.filter(({ shape }) => fits([shape], image));
  if (fitting.length < all.length) {
    notices.warn(`${plural(all.length - fitting.length, 'ROI')} larger than the image left out`);
  }
  const gap = {
    x: BESIDE_CSS_PX / camera.zoom,
    y: BESIDE_CSS_PX / camera.zoom / camera.pixelAspect,
  };
  const shapes = freePlaces(
    fitting.map(({ shape }) => shape),
    rois.onFrame(ref),
    gap,
    image,
  );
  const isOnlyFrame = viewer.scroll.fileOf(ref.file)?.frame_count === 1;
  const frames = isOnlyFrame ? 'all' : [ref.frame_index];
  const copies = fitting.map((roi, index) => ({
    ...copyOf(roi, frames),
    shape: shapes[index] ?? roi.shape,
    group: rois.isLocked(roi) ? rois.layers.target : roi.group,
  }));
  if (copies.length === 0) return;
  rois.isShown = true;
  rois.add(ref.file, copies);
}

function fits(shapes: readonly Shape[], image: ImageSize): boolean {
  const { left, top, right, bottom } = boundsOf(shapes.flatMap(({ points }) => points));
  return right - left <= image.width && bottom - top <= image.height;
}

/** Shapes inside the image, and not on any that is there already. */
function freePlaces(
  shapes: readonly Shape[],
  others: readonly RoiEntry[],
  gap: { x: number; y: number },
  image: ImageSize,
): Shape[] {
  let placed = moved(shapes, 0, 0, image);
  const isTaken = () =>
    placed.some((shape) => others.some(({ roi }) => isSame({ ...roi.shape }, { ...shape })));
  for (let count = 0; count < others.length && isTaken(); count++) {
    const { right, bottom } = boundsOf(placed.flatMap(({ points }) => points));
    const x = right + gap.x > image.width ? -gap.x : gap.x;
    const y = bottom + gap.y > image.height ? -gap.y : gap.y;
    placed = moved(placed, x, y, image);
  }
  return placed;
}

/** All by the same way where there is room for that, else each by itself. */
function moved(shapes: readonly Shape[], dx: number, dy: number, image: ImageSize): Shape[] {
  const groups = fits(shapes, image) ? [shapes] : shapes.map((shape) => [shape]);
  const places = new Map(
    groups.flatMap((group) => [...moveShapes(group, (one) => one, dx, dy, image)]),
  );
  return shapes.map((shape) => places.get(shape) ?? shape);
}
