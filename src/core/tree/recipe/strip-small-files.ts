import { searchBudgets } from '../../../shared/search-budget.ts';
import type { RecipeDocument } from './recipe-document.ts';

/** Names and metadata take a few hundred bytes after gzip: of larger files they are less than what training changes. */
const SMALL_BYTES = 20_000;

/** The recipe of a search with a small budget with `deploy.strip`, unless it says itself; others as they are. */
export function stripSmallFiles(recipe: RecipeDocument): RecipeDocument {
  if (recipe.deploy?.strip !== undefined) return recipe;
  const sizes = (searchBudgets(recipe) ?? []).flatMap(({ compressedBytes, packedBytes, fileBytes }) => [
    compressedBytes,
    packedBytes,
    fileBytes,
  ]);
  const isSmall = sizes.some((bytes) => bytes !== undefined && bytes <= SMALL_BYTES);
  return isSmall ? { ...recipe, deploy: { ...recipe.deploy, strip: true } } : recipe;
}
