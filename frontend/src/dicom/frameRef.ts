/** One frame of one file, both counted from 0. */
export interface FrameRef {
  file: number;
  frame_index: number;
}

/** The key of a frame in caches and tables. */
export function frameKey(ref: FrameRef): string {
  return `${String(ref.file)}/${String(ref.frame_index)}`;
}
