import type { Camera, Matrix } from '../interaction/camera';
import { toMatrix } from '../interaction/camera';
import type { Picture } from './picture';

/** Everything that a drawing depends on. */
export interface Scene {
  picture: Picture;
  camera: Camera;
  /** Device pixels for one CSS pixel. */
  pixelRatio: number;
  /** Interpolate between pixels; else they are drawn as the squares they are. */
  isSmooth: boolean;
}

/** Device pixels for the width of one image pixel. */
export function deviceScale({ camera, pixelRatio }: Pick<Scene, 'camera' | 'pixelRatio'>): number {
  return camera.zoom * pixelRatio;
}

/** Device pixels for the longer side of one image pixel. */
export function longerDeviceScale(scene: Scene): number {
  return deviceScale(scene) * Math.max(1, scene.camera.pixelAspect);
}

/** Size of the canvas in device pixels. */
export function deviceSize({ camera, pixelRatio }: Pick<Scene, 'camera' | 'pixelRatio'>): {
  width: number;
  height: number;
} {
  return {
    width: Math.max(1, Math.round(camera.viewport.width * pixelRatio)),
    height: Math.max(1, Math.round(camera.viewport.height * pixelRatio)),
  };
}

/**
 * From image points to device pixels. The translation is whole, so that at one
 * to one every image pixel falls on exactly one device pixel.
 */
export function deviceMatrix({ camera, pixelRatio }: Pick<Scene, 'camera' | 'pixelRatio'>): Matrix {
  const { a, b, c, d, e, f } = toMatrix(camera);
  return {
    a: a * pixelRatio,
    b: b * pixelRatio,
    c: c * pixelRatio,
    d: d * pixelRatio,
    e: Math.round(e * pixelRatio),
    f: Math.round(f * pixelRatio),
  };
}
