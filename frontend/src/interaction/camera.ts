/**
 * Where the image stands in the viewport. Image points are (column, row) with
 * 0.0 at the top left corner of the first pixel; screen points are CSS pixels
 * from the top left corner of the viewport. Everything here is a pure function.
 */

export interface Size {
  width: number;
  height: number;
}

export interface Point {
  x: number;
  y: number;
}

export type Rotation = 0 | 90 | 180 | 270;

/** Mirrored left to right first, then rotated clockwise. */
export interface Orientation {
  rotation_deg: Rotation;
  isMirrored: boolean;
}

/** What was asked for. `fit` follows the size of image and viewport; a null center is the image's. */
export interface View {
  zoom: number | 'fit';
  center: Point | null;
  orientation: Orientation;
}

/** What that means for one image in one viewport. */
export interface Camera {
  /** CSS pixels for the width of one image pixel. */
  zoom: number;
  /** Height of an image pixel for a width of 1 (Pixel Aspect Ratio). */
  pixelAspect: number;
  /** The image point in the middle of the viewport. */
  center: Point;
  orientation: Orientation;
  viewport: Size;
}

/** Screen point = (a x + c y + e, b x + d y + f) of an image point, as in CSS and canvas. */
export interface Matrix {
  a: number;
  b: number;
  c: number;
  d: number;
  e: number;
  f: number;
}

export const UPRIGHT: Orientation = { rotation_deg: 0, isMirrored: false };

export const WHOLE_IMAGE: View = { zoom: 'fit', center: null, orientation: UPRIGHT };

const MIN_ZOOM = 0.02;
const MAX_ZOOM = 64;

export function resolveCamera(view: View, image: Size, viewport: Size, pixelAspect = 1): Camera {
  const seen = { width: image.width, height: image.height * pixelAspect };
  return {
    zoom: view.zoom === 'fit' ? fitZoom(seen, viewport, view.orientation) : view.zoom,
    pixelAspect,
    center: view.center ?? { x: image.width / 2, y: image.height / 2 },
    orientation: view.orientation,
    viewport,
  };
}

/** The zoom at which a picture of some size just fits. */
export function fitZoom(image: Size, viewport: Size, orientation: Orientation): number {
  const isTurned = orientation.rotation_deg % 180 !== 0;
  const width = isTurned ? image.height : image.width;
  const height = isTurned ? image.width : image.height;
  if (width === 0 || height === 0) return 1;
  return Math.max(Math.min(viewport.width / width, viewport.height / height), MIN_ZOOM / 10);
}

/** From image points to CSS pixels. */
export function toMatrix(camera: Camera): Matrix {
  const { a, b, c, d } = orientationMatrix(camera.orientation);
  const { zoom, center, viewport } = camera;
  // A pixel is stretched before the picture is turned.
  const height = zoom * camera.pixelAspect;
  return {
    a: a * zoom,
    b: b * zoom,
    c: c * height,
    d: d * height,
    e: viewport.width / 2 - (a * zoom * center.x + c * height * center.y),
    f: viewport.height / 2 - (b * zoom * center.x + d * height * center.y),
  };
}

export function apply(matrix: Matrix, point: Point): Point {
  return {
    x: matrix.a * point.x + matrix.c * point.y + matrix.e,
    y: matrix.b * point.x + matrix.d * point.y + matrix.f,
  };
}

export function invert({ a, b, c, d, e, f }: Matrix): Matrix {
  const determinant = a * d - b * c;
  return {
    a: d / determinant,
    b: -b / determinant,
    c: -c / determinant,
    d: a / determinant,
    e: (c * f - d * e) / determinant,
    f: (b * e - a * f) / determinant,
  };
}

export function toImagePoint(camera: Camera, screen: Point): Point {
  return apply(invert(toMatrix(camera)), screen);
}

/** The nearest zoom that there is. */
export function withinZoom(zoom: number): number {
  return Math.min(Math.max(zoom, MIN_ZOOM), MAX_ZOOM);
}

/** Changes the zoom and keeps the image point under `about` where it is. */
export function zoomAbout(camera: Camera, about: Point, factor: number): View {
  const zoom = withinZoom(camera.zoom * factor);
  const held = toImagePoint(camera, about);
  const drifted = toImagePoint({ ...camera, zoom }, about);
  return {
    zoom,
    center: {
      x: camera.center.x + held.x - drifted.x,
      y: camera.center.y + held.y - drifted.y,
    },
    orientation: camera.orientation,
  };
}

/** Moves the image by CSS pixels. */
export function panBy(camera: Camera, dx: number, dy: number): View {
  const { width, height } = camera.viewport;
  return {
    zoom: camera.zoom,
    center: toImagePoint(camera, { x: width / 2 - dx, y: height / 2 - dy }),
    orientation: camera.orientation,
  };
}

/** Turns the picture on the screen clockwise. */
export function rotateBy(orientation: Orientation, quarterTurns: number): Orientation {
  return {
    rotation_deg: turned(orientation.rotation_deg + 90 * quarterTurns),
    isMirrored: orientation.isMirrored,
  };
}

/** Mirrors the picture on the screen left to right, however it is turned. */
export function flipHorizontally(orientation: Orientation): Orientation {
  return {
    rotation_deg: turned(-orientation.rotation_deg),
    isMirrored: !orientation.isMirrored,
  };
}

/** Mirrors the picture on the screen top to bottom, however it is turned. */
export function flipVertically(orientation: Orientation): Orientation {
  return {
    rotation_deg: turned(180 - orientation.rotation_deg),
    isMirrored: !orientation.isMirrored,
  };
}

function turned(degrees: number): Rotation {
  return (((degrees % 360) + 360) % 360) as Rotation;
}

/** The linear part, without zoom: exact whole numbers, so that no seam shows. */
function orientationMatrix({ rotation_deg, isMirrored }: Orientation): Omit<Matrix, 'e' | 'f'> {
  const cosine = rotation_deg === 0 ? 1 : rotation_deg === 180 ? -1 : 0;
  const sine = rotation_deg === 90 ? 1 : rotation_deg === 270 ? -1 : 0;
  const mirror = isMirrored ? -1 : 1;
  return { a: cosine * mirror, b: sine * mirror, c: -sine, d: cosine };
}
