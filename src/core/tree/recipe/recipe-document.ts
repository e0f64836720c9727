import type { Recipe } from '../../../shared/recipe/recipe.ts';
import type { DataSpec } from '../../data/spec/data-spec.ts';

/** The recipe file with its data block: the type from which the JSON schema is generated. */
export type RecipeDocument = Recipe<DataSpec>;
