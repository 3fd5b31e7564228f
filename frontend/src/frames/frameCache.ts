import type { Recipe } from '../api/types.gen';
import { ByteCache } from './byteCache';
import type { FrameResult, ReducedFrame } from './frameStore';
import { Throughput } from './throughput';

/** Memory for frames that were shown or fetched ahead. */
export const FRAME_BUDGET_BYTES = 256 * 2 ** 20;

/** Memory for reduced frames, which stand in until the full ones are there; full ones never displace them. */
export const REDUCED_BUDGET_BYTES = 64 * 2 ** 20;

/** Memory for recipes: each frame may have one of its own, with tables of 65,536 entries. */
const RECIPE_BUDGET_BYTES = 32 * 2 ** 20;

/** What all viewports of the page have fetched. */
export class FrameCache {
  readonly frames = new ByteCache<FrameResult>(FRAME_BUDGET_BYTES);
  readonly reduced = new ByteCache<ReducedFrame>(REDUCED_BUDGET_BYTES);
  readonly throughput = new Throughput();
  readonly #recipes = new ByteCache<Recipe>(RECIPE_BUDGET_BYTES);

  /** A recipe by its id: frames of a series mostly share one. */
  recipe(id: string): Recipe | undefined {
    return this.#recipes.get(id);
  }

  keepRecipe(recipe: Recipe): void {
    this.#recipes.set(recipe.id, recipe, recipeBytes(recipe));
  }
}

/** About what a recipe takes: most of it are the entries of its tables. */
function recipeBytes({ modality, voi }: Recipe): number {
  const entries = [modality, ...voi].map((step) => (step.kind === 'lut' ? step.entries.length : 0));
  return 4_000 + 8 * entries.reduce((sum, count) => sum + count, 0);
}
