import type { Parallelism } from './parallel/parallelism.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';

/** What the command line or the editor sets for one run; the recipe stays as it is. */
export interface SessionOptions {
  readonly nodes?: readonly string[];
  readonly ignoreCache?: boolean;
  /** When the recipe does not say. */
  readonly threads?: number | undefined;
  /** When the recipe does not say. */
  readonly processes?: number;
  /** Instead of the recipe's. */
  readonly seed?: number;
}

/** What a run folder's `recipe.json` holds. */
export interface StoredRun {
  readonly path: string;
  readonly options: SessionOptions;
  readonly recipe: RecipeDocument;
  /** What was decided when the run began: a resumed one ends at the same bits only with the same. */
  readonly parallelism?: Parallelism;
}
