import type { Recipe } from '../api/types.gen';
import { ByteCache } from './byteCache';
import type { FrameResult } from './frameStore';

/** Memory for frames that were shown or fetched ahead. */
export const FRAME_BUDGET_BYTES = 256 * 2 ** 20;

/** What all viewports of the page have fetched. */
export class FrameCache {
  readonly frames = new ByteCache<FrameResult>(FRAME_BUDGET_BYTES);
  /** By id: frames of a series mostly share one. */
  readonly recipes = new Map<string, Recipe>();
}
