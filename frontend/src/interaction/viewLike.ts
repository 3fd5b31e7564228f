import { fitZoom, withinZoom, type Camera, type Point, type Size, type View } from './camera';

/** An image as it stands in its viewport. */
export interface Standing {
  camera: Camera;
  image: Size;
  /** Size of a pixel in the patient; null where that is not known. */
  pixel_mm: { width: number; height: number } | null;
}

/**
 * The view that shows an image as another one is shown: at the same scale in
 * the patient where both have one, else as many times larger than when it fits.
 * `center` is the image point to put in the middle; null for the one that lies
 * as far from the middle of the image as in the other. Turns and flips stay.
 */
export function viewLike(other: Standing, own: Standing, center: Point | null): View {
  const { orientation } = own.camera;
  const [theirs, ours] = [other.pixel_mm, own.pixel_mm];
  if (theirs !== null && ours !== null) {
    const zoom = withinZoom((other.camera.zoom / theirs.width) * ours.width);
    const ratio = { x: theirs.width / ours.width, y: theirs.height / ours.height };
    return { zoom, center: center ?? moved(other, own, ratio), orientation };
  }
  const zoom = withinZoom((other.camera.zoom / fittingZoom(other)) * fittingZoom(own));
  const ratio = {
    x: own.image.width / other.image.width,
    y: own.image.height / other.image.height,
  };
  return { zoom, center: center ?? moved(other, own, ratio), orientation };
}

function fittingZoom({ camera, image }: Standing): number {
  const seen = { width: image.width, height: image.height * camera.pixelAspect };
  return fitZoom(seen, camera.viewport, camera.orientation);
}

/** As far from the middle as in the other image; `ratio` is own pixels for one of the other. */
function moved(other: Standing, own: Standing, ratio: Point): Point {
  return {
    x: own.image.width / 2 + (other.camera.center.x - other.image.width / 2) * ratio.x,
    y: own.image.height / 2 + (other.camera.center.y - other.image.height / 2) * ratio.y,
  };
}
