/** The deployment tree that a recipe asks for: the shape of the table of techniques, with a branch for each variant. */
import { EspalierError } from '../errors.ts';
import { omit } from '../../shared/omit.ts';
import { isTechnique, techniqueRow } from '../../shared/techniques.ts';
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
  const grow = (place: TreePlace, prefix: string): readonly TreeNode[] => {
    if (place.control && settings.controls !== true) return [];
    const row = techniqueRow(place.technique);
    if (row.onRequest === true && techniques[row.options] === undefined) return [];
    return variants(row.options, techniques[row.options]).map((options) => {
      const suffix = options.name === undefined ? '' : `-${options.name}`;
      const id = `${prefix}${place.name}${suffix}`;
      if (stages.has(id)) throw duplicate(row.options, options.name);
      const parameters = omit(options, 'name');
      stages.set(id, stageOf(place.technique, row.trains ? { ...settings.training, ...parameters } : parameters));
      return {
        id,
        technique: place.technique,
        title: options.name === undefined ? place.title : `${place.title}, ${options.name}`,
        precision: row.precision,
        fineTuned: row.trains,
        collaborative: row.trains && row.inherits.length > 0,
        leaf: row.precision === 'int8',
        children: place.children.flatMap((child) => grow(child, `${id}/`)),
      };
    });
  };
  const children = treeShape().flatMap((place) => grow(place, ''));
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
