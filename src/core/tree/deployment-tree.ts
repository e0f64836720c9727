/** The deployment tree that a recipe asks for: the shape of the table of techniques, with a branch for each variant. */
import { EspalierError } from '../errors.ts';
import { omit } from '../../shared/omit.ts';
import { defaultClusters } from '../../shared/recipe/defaults.ts';
import { type PruningOptions, sparsityOf } from '../../shared/recipe/pruning-options.ts';
import { isTechnique, techniqueRow, type TechniqueRow } from '../../shared/techniques.ts';
import { titleSeparator } from '../../shared/tree.ts';
import type { NodeTechnique, TreeNode } from '../../shared/tree.ts';
import { rootTitle, type TreePlace, treeShape } from '../../shared/tree-shape.ts';
import type { Choice, TechniqueOptions } from '../../shared/recipe/technique-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { VariantOptions } from '../../shared/recipe/variant-options.ts';
import type { TechniqueStage } from '../techniques/index.ts';

/** What a node does to its parent's model, with the recipe's options for it. */
export type Stage = { readonly technique: 'baseline' } | TechniqueStage;

export interface PlannedTree {
  readonly root: TreeNode;
  /** By node id. */
  readonly stages: ReadonlyMap<string, Stage>;
}

export const rootId = 'baseline';

export interface TreeSettings {
  readonly controls?: boolean;
  /** For every technique that trains, under the technique's own options. */
  readonly training?: TrainingOptions;
}

/**
 * The tree that a recipe asks for.
 *
 * @throws EspalierError `invalid-recipe` for two variants of one name
 */
export function planTree(techniques: TechniqueOptions = {}, settings: TreeSettings = {}): PlannedTree {
  const stages = new Map<string, Stage>([[rootId, { technique: 'baseline' }]]);
  const grow = (place: TreePlace, prefix: string, labels: readonly string[]): readonly TreeNode[] => {
    if (place.control && settings.controls !== true) return [];
    const row = techniqueRow(place.technique);
    if (row.onRequest === true && techniques[row.options] === undefined) return [];
    const choices = variants(row.options, techniques[row.options]);
    return choices.map((options) => {
      const suffix = options.name === undefined ? '' : `-${options.name}`;
      const id = `${prefix}${place.name}${suffix}`;
      if (stages.has(id)) throw duplicate(row.options, options.name);
      const parameters = omit(options, 'name');
      const label = options.name !== undefined || choices.length > 1 ? variantLabel(row, options) : undefined;
      const path = label === undefined ? labels : [...labels, label];
      stages.set(id, stageOf(place.technique, row.trains ? { ...settings.training, ...parameters } : parameters));
      return {
        id,
        technique: place.technique,
        title: [place.title, ...path].join(titleSeparator),
        precision: row.precision,
        fineTuned: row.trains,
        collaborative: row.trains && row.inherits.length > 0,
        leaf: row.precision === 'int8',
        children: place.children.flatMap((child) => grow(child, `${id}/`, path)),
      };
    });
  };
  const children = treeShape().flatMap((place) => grow(place, '', []));
  return {
    root: {
      id: rootId,
      technique: 'baseline',
      title: rootTitle,
      precision: 'fp32',
      fineTuned: false,
      collaborative: false,
      leaf: false,
      children,
    },
    stages,
  };
}

/** Label of a variant in titles: `50%`, `16`, or its name where that is not a percentage; undefined for a variant with neither. */
function variantLabel(
  { layerRules }: TechniqueRow,
  options: VariantOptions & Pick<PruningOptions, 'sparsity' | 'structure'> & { readonly clusters?: number },
): string | undefined {
  const { name } = options;
  if (layerRules?.fields.includes('sparsity') === true) {
    const percent = `${Number((sparsityOf(options) * 100).toFixed(2))}`;
    return name === undefined || name === percent ? `${percent}%` : name;
  }
  if (name === undefined && layerRules?.fields.includes('clusters') === true) return String(options.clusters ?? defaultClusters);
  return name;
}

function variants<Options extends VariantOptions>(
  technique: string,
  choice: Choice<Options> | undefined,
): readonly Options[] | readonly VariantOptions[] {
  if (choice === false) return [];
  if (choice === undefined) return [{}];
  if (!isList(choice)) return [choice];
  const names = choice.map(({ name }) => name);
  names.forEach((name, index) => {
    if (names.indexOf(name) !== index) throw duplicate(technique, name);
  });
  return choice;
}

/** Whether a technique has several variants. */
export function isList<Options extends VariantOptions>(choice: Options | readonly Options[]): choice is readonly Options[] {
  return Array.isArray(choice);
}

function duplicate(technique: string, name: string | undefined): EspalierError {
  return new EspalierError('invalid-recipe', name === undefined ? 'two variants have no name' : `two variants are named "${name}"`, {
    where: `techniques.${technique}`,
    fix: 'give each variant after the first a "name" of its own',
  });
}

function stageOf(technique: NodeTechnique, options: object): Stage {
  return isTechnique(technique) ? { technique, options } : { technique };
}
