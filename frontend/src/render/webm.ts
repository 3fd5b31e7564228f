import { pause } from '../api/pause';

/** The best first. */
const TYPES = ['video/webm;codecs=vp9', 'video/webm;codecs=vp8', 'video/webm'] as const;

/** Enough that speckle and edges keep their looks. */
const BITS_A_PIXEL = 4;
const LEAST_BITS_A_SECOND = 4_000_000;

/** Encoders want sides of an even number of pixels. */
function even(side: number): number {
  return side + (side % 2);
}

/** The kind of WebM that this browser records; null for none. */
export function webmType(): string | null {
  if (typeof MediaRecorder === 'undefined') return null;
  return TYPES.find((type) => MediaRecorder.isTypeSupported(type)) ?? null;
}

/** Records pictures as WebM, in the time that they take: browsers know no other way. */
export class WebmWriter {
  readonly #canvas = document.createElement('canvas');
  readonly #context: CanvasRenderingContext2D;
  readonly #track: CanvasCaptureMediaStreamTrack;
  readonly #recorder: MediaRecorder;
  readonly #chunks: Blob[] = [];
  readonly #type: string;

  constructor(width: number, height: number, type: string, fps: number) {
    this.#canvas.width = even(width);
    this.#canvas.height = even(height);
    const context = this.#canvas.getContext('2d');
    if (context === null) throw new Error('this browser gives no 2D canvas');
    this.#context = context;
    this.#type = type;
    // Nothing is captured but what is asked for.
    const stream = this.#canvas.captureStream(0);
    this.#track = stream.getVideoTracks()[0] as CanvasCaptureMediaStreamTrack;
    const videoBitsPerSecond = Math.max(
      LEAST_BITS_A_SECOND,
      this.#canvas.width * this.#canvas.height * BITS_A_PIXEL * fps,
    );
    this.#recorder = new MediaRecorder(stream, { mimeType: type, videoBitsPerSecond });
    this.#recorder.ondataavailable = ({ data }) => this.#chunks.push(data);
  }

  /** Shows a picture for its time; the recording rests until the next one. */
  async add(picture: HTMLCanvasElement, stands_ms: number, signal: AbortSignal): Promise<void> {
    const { width, height } = this.#canvas;
    this.#context.clearRect(0, 0, width, height);
    this.#context.drawImage(picture, 0, 0);
    if (this.#recorder.state === 'inactive') this.#recorder.start();
    else this.#recorder.resume();
    this.#track.requestFrame();
    await pause(stands_ms, signal);
    this.#recorder.pause();
  }

  async finish(): Promise<Blob> {
    // One that has failed has stopped by itself.
    if (this.#recorder.state === 'inactive') throw new Error('the browser gave up the recording');
    const isStopped = new Promise((resolve) => (this.#recorder.onstop = resolve));
    this.#recorder.stop();
    await isStopped;
    return new Blob(this.#chunks, { type: this.#type });
  }

  /** Lets go of the canvas, whether something was recorded or not. */
  dispose(): void {
    if (this.#recorder.state !== 'inactive') this.#recorder.stop();
    this.#track.stop();
  }
}
