import { atMost } from '../../render/snapshot';
import { webmType, WebmWriter } from '../../render/webm';

export type CineKind = 'gif' | 'webm';

/** Longer sides are reduced: a GIF is written in memory, and few viewers play larger ones. */
export const GIF_MOST_PX = 1024;

/** Takes the pictures of a cine one after the other. */
export interface CineWriter {
  add(picture: HTMLCanvasElement, stands_ms: number, signal: AbortSignal): Promise<void>;
  finish(): Blob | Promise<Blob>;
  /** Lets go of what it holds, finished or not. */
  dispose(): void;
}

/** A writer for pictures of the size of the first one. */
export async function startWriter(
  kind: CineKind,
  first: HTMLCanvasElement,
  fps: number,
): Promise<CineWriter> {
  if (kind === 'gif') return startGif(first);
  const type = webmType();
  if (type === null) throw new Error('this browser does not record WebM');
  return new WebmWriter(first.width, first.height, type, fps);
}

async function startGif(first: HTMLCanvasElement): Promise<CineWriter> {
  // Few visits need it.
  const { GifWriter } = await import('../../render/gif');
  const { width, height } = atMost(first, GIF_MOST_PX);
  const gif = new GifWriter(width, height);
  return {
    add: (picture, stands_ms) => {
      const context = atMost(picture, GIF_MOST_PX).getContext('2d');
      if (context === null) throw new Error('this browser gives no 2D canvas');
      gif.add(context.getImageData(0, 0, width, height).data, stands_ms);
      return Promise.resolve();
    },
    finish: () => gif.finish(),
    dispose: () => undefined,
  };
}
