import type { RunEstimate, RunQuestion } from '../../../shared/protocol.ts';
import { inputShapesOf } from '../../../shared/recipe/input-shape.ts';
import { rangeTestSteps, trainingDefaults } from '../../../shared/recipe/defaults.ts';
import type { TrainingOptions } from '../../../shared/recipe/training-options.ts';
import { techniqueRow, type TechniqueRow } from '../../../shared/techniques.ts';
import { flattenTree, type TreeNode } from '../../../shared/tree.ts';
import { inputsOf, outputsOf } from '../../data/inputs/model-inputs.ts';
import { createEngine } from '../../engine/create-engine.ts';
import { importModel } from '../../import/import-model.ts';
import { fewestSteps } from '../../techniques/fine-tuning-stage.ts';
import { prepareStepTiming } from '../../train/step-timing.ts';
import { planTree } from '../deployment-tree.ts';
import { openModelData } from './open-model-data.ts';
import { quickTraining } from './write-recipe.ts';

/** How long training steps are timed. */
const timedMilliseconds = 400;
/** A forward pass is about a third of a training step; LiteRT runs a file at about half the speed of the engine. */
const evaluationShare = { engine: 1 / 3, file: 2 / 3 };
const batchSize = trainingDefaults.float.batchSize;

/** Sizes of the splits that a run reads. */
interface Examples {
  readonly train: number;
  readonly test: number;
}

/**
 * An estimate of how long the presets of a recipe take on this machine: a training step is timed, and multiplied by the
 * number of steps that the tree needs. Reading, fitting and measuring latency are left out.
 *
 * @throws EspalierError as importing and opening data do
 */
export async function estimateRun({ model, data, inputShape }: RunQuestion): Promise<RunEstimate> {
  const { network } = await importModel(model, { inputShapes: inputShapesOf(inputShape) });
  const splits = await openModelData(data, { inputs: inputsOf(network), outputs: outputsOf(network) }, () => undefined);
  const timing = await prepareStepTiming(await createEngine(), network, batchSize);
  try {
    const stepSeconds = (await timing.run(timedMilliseconds)) / 1000;
    const examples = { train: splits.train.size, test: splits.test.size };
    const { root } = planTree();
    const full = equivalentSteps(root, examples) * stepSeconds;
    return {
      seconds: { full, 'until-targets': full, quick: equivalentSteps(root, examples, quickTraining) * stepSeconds },
    };
  } finally {
    await timing.dispose();
  }
}

/** Training steps of all stages, with evaluations as the training steps that take as long. */
export function equivalentSteps(tree: TreeNode, { train, test }: Examples, training: TrainingOptions = {}): number {
  const perEpoch = Math.ceil(train / Math.min(batchSize, Math.max(train, 1)));
  return flattenTree(tree).reduce((sum, { node }) => {
    const evaluation = (test / batchSize) * (evaluationShare.engine + (node.leaf ? evaluationShare.file : 0));
    if (node.technique === 'baseline') return sum + evaluation;
    const row = techniqueRow(node.technique);
    if (!row.trains) return sum + evaluation;
    const steps =
      training.steps ?? (training.epochs === undefined ? Math.max(defaultEpochs(row) * perEpoch, fewestSteps) : training.epochs * perEpoch);
    return sum + steps + (training.learningRate === 'range-test' ? rangeTestSteps : 0) + evaluation;
  }, 0);
}

function defaultEpochs({ adds }: TechniqueRow): number {
  switch (adds) {
    case 'sparsity':
      return trainingDefaults.prunedBefore.epochs;
    case 'codebook':
      return trainingDefaults.clustering.epochs;
    case 'integerGrid':
      return trainingDefaults.integerGrid.epochs;
    case undefined:
      return trainingDefaults.float.epochs;
  }
}
