import {
  flipHorizontally,
  flipVertically,
  panBy,
  resolveCamera,
  rotateBy,
  WHOLE_IMAGE,
  zoomAbout,
  type Camera,
  type Orientation,
  type Point,
  type Size,
  type View,
} from '../../interaction/camera';

/** What is framed: an image and the height of its pixels for a width of 1. */
interface Framed extends Size {
  pixelAspect: number;
}

/** Where the image stands in its pane, and how it is drawn there. */
export class Framing {
  readonly #image: () => Framed | null;
  #view = $state.raw<View>(WHOLE_IMAGE);

  isSmooth = $state(true);
  /** Size of the viewport in CSS pixels. */
  viewport = $state.raw<Size>({ width: 1, height: 1 });
  /** Device pixels for one CSS pixel. */
  pixelRatio = $state(1);

  readonly camera: Camera | null = $derived.by(() => {
    const image = this.#image();
    return image && resolveCamera(this.#view, image, this.viewport, image.pixelAspect);
  });

  constructor(image: () => Framed | null) {
    this.#image = image;
  }

  get view(): View {
    return this.#view;
  }

  set view(view: View) {
    this.#view = view;
  }

  get orientation(): Orientation {
    return this.#view.orientation;
  }

  get isFitted(): boolean {
    return this.#view.zoom === 'fit';
  }

  pan(dx: number, dy: number): void {
    if (this.camera !== null) this.#view = panBy(this.camera, dx, dy);
  }

  zoom(about: Point, factor: number): void {
    if (this.camera !== null) this.#view = zoomAbout(this.camera, about, factor);
  }

  flipHorizontally(): void {
    this.#turn(flipHorizontally(this.orientation));
  }

  flipVertically(): void {
    this.#turn(flipVertically(this.orientation));
  }

  rotate(quarterTurns: number): void {
    this.#turn(rotateBy(this.orientation, quarterTurns));
  }

  fit(): void {
    this.#view = { ...this.#view, zoom: 'fit', center: null };
  }

  /** One image pixel on one device pixel. */
  oneToOne(): void {
    this.#view = { ...this.#view, zoom: 1 / this.pixelRatio };
  }

  /** The whole image, upright. */
  reset(): void {
    this.#view = WHOLE_IMAGE;
  }

  #turn(orientation: Orientation): void {
    this.#view = { ...this.#view, orientation };
  }
}
