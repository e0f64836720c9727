import { getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { ParseError } from 'jsonc-parser';
import schema from '../../../../schemas/recipe.schema.json' with { type: 'json' };
import { EspalierError } from '../../errors.ts';
import type { RecipeDiagnostic } from '../../../shared/recipe-diagnostics.ts';
import type { RecipeDocument } from './recipe-document.ts';
import { checkAgainstSchema } from './schema-check.ts';
import type { JsonSchema } from './schema-check.ts';

export interface ParsedRecipe {
  /** Undefined when there is an error among the diagnostics. */
  readonly recipe: RecipeDocument | undefined;
  readonly diagnostics: readonly RecipeDiagnostic[];
}

/** Everything that the text alone tells. Comments and trailing commas are allowed. */
export function parseRecipe(text: string): ParsedRecipe {
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const syntax = errors.map(({ error, offset, length }): RecipeDiagnostic => ({
    severity: 'error',
    code: 'syntax',
    message: words(printParseErrorCode(error)),
    offset,
    length,
    path: [],
    suggestions: [],
  }));
  if (root === undefined || syntax.length > 0) return { recipe: undefined, diagnostics: syntax.length > 0 ? syntax : [empty(text)] };
  const recipeSchema: JsonSchema = schema;
  const found = checkAgainstSchema(root, recipeSchema);
  if (found.length > 0) return { recipe: undefined, diagnostics: found };
  const recipe: RecipeDocument = getNodeValue(root);
  const contradictions = checkContradictions(recipe, root.length);
  return { recipe: contradictions.some(({ severity }) => severity === 'error') ? undefined : recipe, diagnostics: contradictions };
}

/** @throws EspalierError `invalid-recipe` with all that is wrong, each with its line and column */
export function requireRecipe(text: string, where: string): RecipeDocument {
  const { recipe, diagnostics } = parseRecipe(text);
  if (recipe !== undefined) return recipe;
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
  const more = others
    .slice(0, 9)
    .map((diagnostic) => `\n  ${place(text, diagnostic)}`)
    .join('');
  throw new EspalierError('invalid-recipe', `${first === undefined ? 'not a recipe' : place(text, first)}${more}`, { where });
}

/** `line 3, column 5: techniques.pruning.sparsity: 1.5 is out of range…` */
function place(text: string, { offset, path, message }: RecipeDiagnostic): string {
  const before = text.slice(0, offset).split('\n');
  const field = path.length === 0 ? '' : `${path.join('.')}: `;
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${field}${message}`;
}

function checkContradictions(recipe: RecipeDocument, length: number): readonly RecipeDiagnostic[] {
  const about = (
    severity: 'error' | 'warning',
    code: RecipeDiagnostic['code'],
    message: string,
    path: RecipeDiagnostic['path'] = [],
  ): RecipeDiagnostic => ({ severity, code, message, offset: 0, length, path, suggestions: [] });
  const found: RecipeDiagnostic[] = [];
  const models = recipe.models ?? [];
  if (recipe.model === undefined && models.length === 0)
    found.push(about('error', 'missing-field', '"model" is missing: the path of the trained model'));
  if (recipe.model !== undefined && recipe.models !== undefined)
    found.push(about('error', 'contradiction', 'give "model" or "models", not both', ['models']));
  if (recipe.data === undefined && (models.length === 0 || models.some(({ data }) => data === undefined))) {
    found.push(about('error', 'missing-field', '"data" is missing: a data block, or the path of a file with one'));
  }
  const untilTargets = recipe.strategy !== undefined && recipe.strategy !== 'full';
  if (untilTargets && Object.keys(recipe.targets ?? {}).length === 0) {
    found.push(about('error', 'contradiction', 'the strategy "until-targets" needs "targets"', ['strategy']));
  }
  return found;
}

function empty(text: string): RecipeDiagnostic {
  return { severity: 'error', code: 'syntax', message: 'the file is empty', offset: 0, length: text.length, path: [], suggestions: [] };
}

/** `PropertyNameExpected` -> `property name expected` */
function words(code: string): string {
  return code.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
}
