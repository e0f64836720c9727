/** Outline of a recipe's text for the editor and the sidebar: positions of its models, techniques and targets. */
import path from 'node:path';
import { parseTree } from 'jsonc-parser';
import type { Node } from 'jsonc-parser';
import { firstTooDeep } from '../../shared/nesting.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import { targetMeasures } from '../../shared/targets.ts';

export interface Place {
  /** Characters from the start of the text. */
  readonly offset: number;
  readonly length: number;
}

export interface RecipeModelPlace extends Place {
  /** As the recipe writes it. */
  readonly path: string;
  /** Its name in tables and folders. */
  readonly name: string;
}

export interface RecipeOutline {
  readonly models: readonly RecipeModelPlace[];
  readonly techniques: readonly (Place & { readonly key: string })[];
  readonly targets: readonly (Place & { readonly key: keyof Targets; readonly value: number })[];
  readonly strategy: Place | undefined;
}

const targetKeys: readonly (keyof Targets)[] = [...targetMeasures.map(({ target }) => target), 'sizeTie'];

/** Also of incomplete text: parts that cannot be parsed are left out. */
export function outlineRecipe(text: string): RecipeOutline {
  const root = rootOf(text);
  const model = property(root, 'model')?.value;
  const models = property(root, 'models')?.value.children ?? [];
  return {
    models: [
      ...(typeof model?.value === 'string' ? [{ ...placeOf(model), path: model.value, name: modelName(model.value) }] : []),
      ...models.flatMap((entry) => {
        const file = property(entry, 'path')?.value.value as unknown;
        const name = property(entry, 'name')?.value.value as unknown;
        return typeof file === 'string' ? [{ ...placeOf(entry), path: file, name: typeof name === 'string' ? name : modelName(file) }] : [];
      }),
    ],
    techniques: properties(property(root, 'techniques')?.value).map(({ key, node }) => ({ ...placeOf(node), key })),
    targets: properties(property(root, 'targets')?.value).flatMap(({ key, node, value }) => {
      const target = targetKeys.find((candidate) => candidate === key);
      return target !== undefined && typeof value.value === 'number' ? [{ ...placeOf(node), key: target, value: value.value }] : [];
    }),
    strategy: placeOfProperty(root, 'strategy'),
  };
}

/** The property at a path such as `techniques.pruning`, else of what stands above it; undefined where the text has neither. */
export function findPlace(text: string, path: readonly string[]): Place | undefined {
  let node = rootOf(text);
  let found: Place | undefined;
  for (const name of path) {
    const next = property(node, name);
    if (next === undefined) break;
    found = placeOf(next.node);
    node = next.value;
  }
  return found;
}

/** Where the recipe says that its stages run; undefined where it does not. */
export function executionKind(text: string): string | undefined {
  const kind: unknown = property(property(rootOf(text), 'execution')?.value, 'kind')?.value.value;
  return typeof kind === 'string' ? kind : undefined;
}

export function targetsIn(outline: RecipeOutline): Targets {
  return Object.fromEntries(outline.targets.map(({ key, value }) => [key, value]));
}

/** A file's name without its ending; a TFJS model and a SavedModel are known by their folder. */
export function modelName(file: string): string {
  const name = path.posix.basename(file);
  const known = name === 'model.json' || name === 'saved_model.pb' ? path.posix.basename(path.posix.dirname(file)) : name;
  return known.replace(/\.(keras|h5|hdf5|onnx|tflite|json)$/, '');
}

/** Undefined for what is no JSON, and for what is nested so deep that nobody has written it. */
function rootOf(text: string): Node | undefined {
  return firstTooDeep(text) === undefined ? parseTree(text, [], { allowTrailingComma: true }) : undefined;
}

interface Property {
  readonly key: string;
  /** Name and value together. */
  readonly node: Node;
  readonly value: Node;
}

function properties(node: Node | undefined): readonly Property[] {
  return (node?.type === 'object' ? (node.children ?? []) : []).flatMap((child) => {
    const [key, value] = child.children ?? [];
    return key !== undefined && value !== undefined ? [{ key: String(key.value), node: child, value }] : [];
  });
}

function property(node: Node | undefined, name: string): Property | undefined {
  return properties(node).find(({ key }) => key === name);
}

function placeOf({ offset, length }: Node): Place {
  return { offset, length };
}

function placeOfProperty(root: Node | undefined, name: string): Place | undefined {
  const found = property(root, name);
  return found === undefined ? undefined : placeOf(found.node);
}
