/** The parts of a recipe that can be checked although other fields are wrong, so that one mistake does not hide others. */
import { getNodeValue } from 'jsonc-parser';
import type { Node } from 'jsonc-parser';
import { isRecord } from '../../../shared/checked-json.ts';
import type { RecipeDiagnostic } from '../../../shared/recipe-diagnostics.ts';
import type { RecipeDocument } from './recipe-document.ts';
import { discriminators } from './schema-check.ts';

export interface SalvagedRecipe {
  /** Without the fields and list entries that the findings are about. */
  readonly recipe: RecipeDocument;
  /** The place in the text of a place in `recipe`: entries that were left out move the later ones of their list. */
  original(path: RecipeDiagnostic['path']): RecipeDiagnostic['path'];
}

/** Undefined where the document is not an object at all. */
export function salvageRecipe(root: Node, findings: readonly RecipeDiagnostic[]): SalvagedRecipe | undefined {
  if (root.type !== 'object') return undefined;
  // An object without a required field or its discriminator cannot be checked; the recipe itself has no required field.
  const wrong = findings.map(({ path }) => (isDiscriminator(path.at(-1)) ? path.slice(0, -1) : path)).filter((path) => path.length > 0);
  const kept = new Map<string, readonly number[]>();
  const recipe = keep(getNodeValue(root), [], new WrongPlaces(wrong), kept);
  if (!isRecipe(recipe)) return undefined;
  return {
    recipe,
    original: (path) =>
      path.reduce<RecipeDiagnostic['path']>((found, part) => {
        const index = typeof part === 'number' ? kept.get(found.join('/'))?.[part] : undefined;
        return [...found, index ?? part];
      }, []),
  };
}

/** The schema has checked all fields, and those it found wrong are left out; it requires none. */
const isRecipe = (value: unknown): value is RecipeDocument => isRecord(value);

/** Looked up by name: a list may have as many mistakes as entries. */
class WrongPlaces {
  readonly #places: ReadonlySet<string>;
  readonly #outer: ReadonlySet<string>;

  constructor(paths: readonly RecipeDiagnostic['path'][]) {
    this.#places = new Set(paths.map((path) => JSON.stringify(path)));
    this.#outer = new Set(paths.flatMap((path) => path.map((_, index) => JSON.stringify(path.slice(0, index + 1)))));
  }

  has(path: RecipeDiagnostic['path']): boolean {
    return this.#places.has(JSON.stringify(path));
  }

  /** Whether the path is wrong, or something below it. */
  hasWithin(path: RecipeDiagnostic['path']): boolean {
    return this.#outer.has(JSON.stringify(path));
  }
}

/** A copy without the wrong paths; `kept` receives the original indexes of the entries that stay in each list. */
function keep(value: unknown, path: RecipeDiagnostic['path'], wrong: WrongPlaces, kept: Map<string, readonly number[]>): unknown {
  if (Array.isArray(value)) {
    // A list entry with a mistake is left out as a whole, since the rest may be incomplete.
    const indexes = value.flatMap((_, index) => (wrong.hasWithin([...path, index]) ? [] : [index]));
    kept.set(path.join('/'), indexes);
    return indexes.map((index): unknown => keep(value[index], [...path, index], wrong, kept));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !wrong.has([...path, name]))
      .map(([name, inner]) => [name, keep(inner, [...path, name], wrong, kept)]),
  );
}

function isDiscriminator(part: string | number | undefined): boolean {
  return discriminators.some((name) => name === part);
}
