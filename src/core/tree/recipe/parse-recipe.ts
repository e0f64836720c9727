import { findNodeAtLocation, getNodeValue, parseTree, printParseErrorCode } from 'jsonc-parser';
import type { Node, ParseError } from 'jsonc-parser';
import schema from '../../../../schemas/recipe.schema.json' with { type: 'json' };
import { EspalierError } from '../../errors.ts';
import { firstTooDeep, nestedTooDeep } from '../../../shared/nesting.ts';
import type { TechniqueOptions } from '../../../shared/recipe/technique-options.ts';
import type { RecipeDiagnostic } from '../../../shared/recipe-diagnostics.ts';
import { findStructureMistake, type StructureMistake } from '../../techniques/pruning/pruning-structure.ts';
import { isList } from '../deployment-tree.ts';
import type { LayerRule } from '../../../shared/recipe/layer-rule.ts';
import type { ParetoSearch, Targets } from '../../../shared/recipe/targets.ts';
import { budgetCounts, paretoSearch, searchedFields } from '../../../shared/search-budget.ts';
import type { RecipeDocument } from './recipe-document.ts';
import { salvageRecipe } from './salvage-recipe.ts';
import type { SalvagedRecipe } from './salvage-recipe.ts';
import { checkAgainstSchema } from './schema-check.ts';
import type { JsonSchema } from './schema-check.ts';

export interface ParsedRecipe {
  /** Undefined when there is an error among the diagnostics. */
  readonly recipe: RecipeDocument | undefined;
  /** The recipe without its mistakes, for checks that need more than the text. */
  readonly salvaged: SalvagedRecipe | undefined;
  readonly diagnostics: readonly RecipeDiagnostic[];
}

/** Checks the text alone. Comments and trailing commas are allowed. */
export function parseRecipe(text: string): ParsedRecipe {
  const deep = firstTooDeep(text);
  if (deep !== undefined) return { recipe: undefined, salvaged: undefined, diagnostics: [syntaxError(nestedTooDeep, deep, 1)] };
  const errors: ParseError[] = [];
  const root = parseTree(text, errors, { allowTrailingComma: true });
  const syntax = errors.map(({ error, offset, length }) => syntaxError(words(printParseErrorCode(error)), offset, length));
  if (root === undefined) return { recipe: undefined, salvaged: undefined, diagnostics: syntax.length > 0 ? syntax : [empty(text)] };
  const recipeSchema: JsonSchema = schema;
  const found = checkAgainstSchema(root, recipeSchema);
  const recipe: RecipeDocument = getNodeValue(root);
  // In a text with syntax errors a field may only seem to be missing.
  const contradictions = root.type === 'object' && syntax.length === 0 ? checkContradictions(recipe, root, found) : [];
  const diagnostics = [...syntax, ...found, ...contradictions];
  return {
    recipe: diagnostics.some(({ severity }) => severity === 'error') ? undefined : recipe,
    salvaged: salvageRecipe(root, found),
    diagnostics,
  };
}

/** @throws EspalierError `invalid-recipe` with all that is wrong, each with its line and column */
export function requireRecipe(text: string, where: string): RecipeDocument {
  const { recipe, diagnostics } = parseRecipe(text);
  if (recipe !== undefined) return recipe;
  const [first, ...others] = diagnostics.filter(({ severity }) => severity === 'error');
  const more = others
    .slice(0, 9)
    .map((diagnostic) => `\n  ${describeDiagnostic(text, diagnostic)}`)
    .join('');
  throw new EspalierError('invalid-recipe', `${first === undefined ? 'not a recipe' : describeDiagnostic(text, first)}${more}`, { where });
}

/** `line 3, column 5: techniques.pruning.sparsity: 1.5 is out of range…` */
export function describeDiagnostic(text: string, { offset, path, message }: RecipeDiagnostic): string {
  const before = text.slice(0, offset).split('\n');
  const field = path.length === 0 ? '' : `${path.join('.')}: `;
  return `line ${before.length}, column ${(before.at(-1)?.length ?? 0) + 1}: ${field}${message}`;
}

/** The recipe may have other mistakes, so only its being an object is assumed. */
function checkContradictions(recipe: RecipeDocument, root: Node, others: readonly RecipeDiagnostic[]): readonly RecipeDiagnostic[] {
  const found: RecipeDiagnostic[] = [];
  const report = (code: RecipeDiagnostic['code'], message: string, path: RecipeDiagnostic['path'] = []): void => {
    const place = path.length === 0 ? undefined : findNodeAtLocation(root, [...path]);
    // A missing field is marked at the start of the recipe, not over all of it.
    const { offset, length } = place ?? { offset: root.offset, length: 1 };
    found.push({ severity: 'error', code, message, offset, length, path, suggestions: [] });
  };
  const isWrong = (name: string): boolean => others.some(({ path }) => path[0] === name);
  const isMistyped = (name: string): boolean => others.some(({ suggestions }) => suggestions[0] === name);
  const models = Array.isArray(recipe.models) ? recipe.models.filter((model) => typeof model === 'object') : [];
  if (recipe.model === undefined && recipe.models === undefined && !isMistyped('model'))
    report('missing-field', '"model" is missing: the path of the trained model');
  if (recipe.model === undefined && recipe.models !== undefined && models.length === 0)
    report('missing-field', '"models" has no entry: add one with the "path" of a trained model', ['models']);
  if (recipe.model !== undefined && recipe.models !== undefined) report('contradiction', 'give "model" or "models", not both', ['models']);
  if (recipe.data === undefined && !isMistyped('data') && (models.length === 0 || models.some(({ data }) => data === undefined)))
    report('missing-field', '"data" is missing: a data block, or the path of a file with one');
  const pareto = paretoSearch(recipe.strategy);
  const untilTargets = recipe.strategy !== undefined && recipe.strategy !== 'full' && pareto === undefined;
  if (
    untilTargets &&
    !isWrong('strategy') &&
    !isWrong('targets') &&
    !isMistyped('targets') &&
    Object.keys(recipe.targets ?? {}).length === 0
  )
    report('contradiction', 'the strategy "until-targets" needs "targets"', ['strategy']);
  if (pareto !== undefined && !isWrong('strategy') && !isWrong('targets'))
    for (const mistake of paretoMistakes(pareto, recipe)) report('contradiction', mistake, ['strategy']);
  if (pareto !== undefined && !isWrong('layers'))
    for (const { mistake, path } of searchedRules(recipe.layers ?? [])) report('contradiction', mistake, path);
  if (!others.some(({ path }) => path[0] === 'techniques'))
    for (const { mistake, path } of structureMistakes(recipe.techniques?.pruning))
      report('contradiction', `${mistake.what}; ${mistake.fix}`, path);
  return found;
}

/** What a search from budgets lacks, or what contradicts itself. */
function paretoMistakes({ minutes, steps, budgets }: ParetoSearch, recipe: RecipeDocument): readonly string[] {
  const { targets } = recipe;
  const wanted = budgets ?? (targets === undefined ? [] : [targets]);
  return [
    ...(minutes === undefined && steps === undefined ? ['the strategy "pareto" needs "minutes" or "steps"'] : []),
    ...(minutes !== undefined && steps !== undefined ? ['give "minutes" or "steps", not both'] : []),
    ...(wanted.length === 0 ? ['the strategy "pareto" needs "budgets", or "targets" with a size'] : []),
    ...(wanted.some((budget) => budgetCounts(budget).length === 0)
      ? [
          'a budget of the strategy "pareto" needs "compressedBytes", "packedBytes", "fileBytes" or "ethosUBytes": no other measure follows from the settings of layers',
        ]
      : []),
    ...unmeasured(wanted, recipe),
  ];
}

/** Budgets that no file can keep, since the recipe does not have them measured. */
function unmeasured(budgets: readonly Targets[], { deploy, measure }: RecipeDocument): readonly string[] {
  const isLimited = (target: keyof Targets): boolean => budgets.some((budget) => budget[target] !== undefined);
  return [
    ...(isLimited('packedBytes') && deploy?.pack === 'off'
      ? ['a budget of "packedBytes" is measured on packed files, which "pack": "off" of "deploy" leaves out: choose "small" or "fast"']
      : []),
    ...(isLimited('latencyMilliseconds') && measure?.latency === false
      ? ['a budget of "latencyMilliseconds" is not measured with "latency": false of "measure": leave one of them out']
      : []),
    ...(isLimited('cycles') && deploy?.board === undefined && deploy?.target === undefined
      ? ['a budget of "cycles" is counted for a device: name one by "board" or "target" of "deploy"']
      : []),
  ];
}

/** Rules that a search would override. */
function searchedRules(rules: readonly LayerRule[]): readonly { readonly mistake: string; readonly path: RecipeDiagnostic['path'] }[] {
  return rules.flatMap((rule, index) =>
    searchedFields
      .filter((field) => rule[field] !== undefined)
      .map((field) => ({
        mistake: `the strategy "pareto" chooses "${field}" of each layer itself: leave it out; "exclude", "bits" and "activations" hold in a search`,
        path: ['layers', index, field],
      })),
  );
}

interface LocatedMistake {
  readonly mistake: StructureMistake;
  readonly path: RecipeDiagnostic['path'];
}

/** In each variant of pruning: groups and blocks that the schema lets pass. */
function structureMistakes(pruning: TechniqueOptions['pruning']): readonly LocatedMistake[] {
  const at = ['techniques', 'pruning'];
  if (pruning === undefined || pruning === false) return [];
  const variants = isList(pruning)
    ? pruning.map((options, index) => ({ options, path: [...at, index] }))
    : [{ options: pruning, path: at }];
  return variants.flatMap(({ options: { structure }, path }) => {
    const mistake = typeof structure === 'object' ? findStructureMistake(structure) : undefined;
    return mistake === undefined ? [] : [{ mistake, path: [...path, 'structure'] }];
  });
}

function empty(text: string): RecipeDiagnostic {
  return syntaxError('the file is empty', 0, text.length);
}

function syntaxError(message: string, offset: number, length: number): RecipeDiagnostic {
  return { severity: 'error', code: 'syntax', message, offset, length, path: [], suggestions: [] };
}

/** `PropertyNameExpected` -> `property name expected` */
function words(code: string): string {
  return code.replaceAll(/(?<!^)([A-Z])/g, ' $1').toLowerCase();
}
