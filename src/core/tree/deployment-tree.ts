/**
 * The deployment tree of collaborative optimization as data: the guide's ten nodes, the two direct quantizations of the
 * trained model, and on request the controls (a float control, and the plain variants that do not preserve). A
 * technique's variants grow one branch each.
 */
import { EspalierError } from '../errors.ts';
import { omit } from '../../shared/omit.ts';
import type { Technique, TreeNode } from '../../shared/tree.ts';
import type { ClusteringOptions } from '../../shared/recipe/clustering-options.ts';
import type { PruningOptions } from '../../shared/recipe/pruning-options.ts';
import type { PostTrainingQuantizationOptions, QuantizationAwareTrainingOptions } from '../../shared/recipe/quantization-options.ts';
import type { Choice, TechniqueOptions } from '../../shared/recipe/technique-options.ts';
import type { TrainingOptions } from '../../shared/recipe/training-options.ts';
import type { VariantOptions } from '../../shared/recipe/variant-options.ts';

/** What a node does to its parent's model, with the recipe's options for it. */
export type Stage =
  | { readonly technique: 'baseline' }
  | { readonly technique: 'pruning'; readonly options: PruningOptions }
  | { readonly technique: 'clustering' | 'sparsity-preserving-clustering'; readonly options: ClusteringOptions }
  | { readonly technique: 'ptq'; readonly options: PostTrainingQuantizationOptions }
  | { readonly technique: 'qat' | 'pqat' | 'cqat' | 'pcqat'; readonly options: QuantizationAwareTrainingOptions }
  | { readonly technique: 'fine-tuning'; readonly options: TrainingOptions };

export interface PlannedTree {
  readonly root: TreeNode;
  /** By node id. */
  readonly stages: ReadonlyMap<string, Stage>;
}

interface Template {
  /** Last part of the node's id. */
  readonly name: string;
  readonly technique: Technique;
  /** Key of the technique's options in the recipe. */
  readonly options: keyof TechniqueOptions;
  readonly title: string;
  readonly precision: TreeNode['precision'];
  readonly collaborative?: boolean;
  /** Only with `controls`. */
  readonly control?: boolean;
  readonly children?: readonly Template[];
}

const ptq = (title: string): Template => ({ name: 'ptq', technique: 'ptq', options: 'ptq', title, precision: 'int8' });
const plainQat = (title: string): Template => ({
  name: 'plain-qat',
  technique: 'qat',
  options: 'qat',
  title: `${title} (plain control)`,
  precision: 'int8',
  control: true,
});

const templates: readonly Template[] = [
  {
    name: 'pruned',
    technique: 'pruning',
    options: 'pruning',
    title: 'Pruned model',
    precision: 'fp32',
    children: [
      ptq('Quantized, pruned model'),
      { name: 'pqat', technique: 'pqat', options: 'pqat', title: 'QAT, pruned model', precision: 'int8', collaborative: true },
      plainQat('QAT of the pruned model'),
      {
        name: 'clustered',
        technique: 'sparsity-preserving-clustering',
        options: 'sparsityPreservingClustering',
        title: 'Pruned, clustered model',
        precision: 'fp32',
        collaborative: true,
        children: [
          ptq('Quantized pruned, clustered model'),
          {
            name: 'pcqat',
            technique: 'pcqat',
            options: 'pcqat',
            title: 'QAT pruned, clustered model',
            precision: 'int8',
            collaborative: true,
          },
          plainQat('QAT of the pruned, clustered model'),
        ],
      },
      {
        name: 'plain-clustered',
        technique: 'clustering',
        options: 'clustering',
        title: 'Pruned, clustered model (plain control)',
        precision: 'fp32',
        control: true,
        children: [ptq('Quantized pruned, clustered model (plain control)')],
      },
    ],
  },
  {
    name: 'clustered',
    technique: 'clustering',
    options: 'clustering',
    title: 'Clustered model',
    precision: 'fp32',
    children: [
      ptq('Quantized, clustered model'),
      { name: 'cqat', technique: 'cqat', options: 'cqat', title: 'QAT, clustered model', precision: 'int8', collaborative: true },
      plainQat('QAT of the clustered model'),
    ],
  },
  ptq('Quantized model'),
  { name: 'qat', technique: 'qat', options: 'qat', title: 'QAT model', precision: 'int8' },
  {
    name: 'fine-tuned',
    technique: 'fine-tuning',
    options: 'fineTuning',
    title: 'Fine-tuned model (float control)',
    precision: 'fp32',
    control: true,
    children: [ptq('Quantized, fine-tuned model (control)')],
  },
];

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
  const grow = (template: Template, prefix: string): readonly TreeNode[] => {
    if (template.control === true && settings.controls !== true) return [];
    return variants(template.options, techniques[template.options]).map((options) => {
      const suffix = options.name === undefined ? '' : `-${options.name}`;
      const id = `${prefix}${template.name}${suffix}`;
      if (stages.has(id)) throw duplicate(template.options, options.name);
      const parameters = omit(options, 'name');
      stages.set(id, stageOf(template.technique, template.technique === 'ptq' ? parameters : { ...settings.training, ...parameters }));
      return {
        id,
        technique: template.technique,
        title: options.name === undefined ? template.title : `${template.title}, ${options.name}`,
        precision: template.precision,
        fineTuned: template.technique !== 'ptq',
        collaborative: template.collaborative ?? false,
        leaf: template.precision === 'int8',
        children: (template.children ?? []).flatMap((child) => grow(child, `${id}/`)),
      };
    });
  };
  const children = templates.flatMap((template) => grow(template, ''));
  return {
    root: {
      id: rootId,
      technique: 'baseline',
      title: 'Trained model',
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

function stageOf(technique: Technique, options: object): Stage {
  return technique === 'baseline' ? { technique } : { technique, options };
}
