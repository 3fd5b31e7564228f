import type { Recipe } from '../api/types.gen';
import { ByteCache } from './byteCache';
import type { FrameResult, ReducedFrame } from './frameStore';
import { Throughput } from './throughput';

/** Memory for frames that were shown or fetched ahead. */
export const FRAME_BUDGET_BYTES = 256 * 2 ** 20;

/** Memory for reduced frames, which stand in until the full ones are there; full ones never displace them. */
export const REDUCED_BUDGET_BYTES = 64 * 2 ** 20;

/** What all viewports of the page have fetched. */
export class FrameCache {
  readonly frames = new ByteCache<FrameResult>(FRAME_BUDGET_BYTES);
  readonly reduced = new ByteCache<ReducedFrame>(REDUCED_BUDGET_BYTES);
  readonly throughput = new Throughput();
  /** By id: frames of a series mostly share one. */
  readonly recipes = new Map<string, Recipe>();
}
