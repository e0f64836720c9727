import { formatPercent } from '../../shared/drawing/format.ts';
import type { DataSet } from '../data/dataset.ts';
import { spreadSample } from '../data/spread-sample.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network } from '../network/network.ts';
import { evaluateNetwork } from './evaluate-network.ts';

const mostExamples = 256;
const leastExamples = 32;

export interface TeacherExamination {
  readonly engine: Engine;
  /** The trained model. */
  readonly network: Network;
  readonly teacher: Network;
  /** The teacher's file, as the recipe names it. */
  readonly where: string;
  readonly train: DataSet;
}

/**
 * Compares the accuracy of a teacher and the trained model on training examples. Wrong preprocessing, or classes in another
 * order, do not show in the shapes that were checked before, but they bring a classifier's accuracy down to chance.
 *
 * @returns a warning where it is clearly worse than the model that is to learn from it
 * @throws EspalierError `invalid-model` where it does no better than a guess and the model does
 */
export async function examineTeacher({ engine, network, teacher, where, train }: TeacherExamination): Promise<string | undefined> {
  const { target } = train;
  if (target.kind !== 'classes' || train.size < leastExamples) return undefined;
  const data = spreadSample(train, mostExamples);
  const score = async (each: Network): Promise<number> => (await evaluateNetwork({ engine, network: each, data })).top1 ?? 0;
  const [own, taught] = [await score(network), await score(teacher)];
  const chance = 1 / target.classes;
  // Three standard errors above chance, and at least one and a half times chance.
  const limit = Math.max(chance + 3 * Math.sqrt((chance * (1 - chance)) / data.size), 1.5 * chance);
  const shown = `${formatPercent(taught, 1)} of ${data.size} training examples`;
  if (taught <= limit && own > limit)
    throw new EspalierError('invalid-model', `the teacher gets ${shown} right, as a guess does, and the model ${formatPercent(own, 1)}`, {
      where,
      fix: 'distil from a model that was trained with the same preprocessing and has its classes in the same order',
    });
  const error = Math.sqrt((own * (1 - own) + taught * (1 - taught)) / data.size);
  if (own - taught <= Math.max(0.02, 3 * error)) return undefined;
  return `the teacher "${where}" gets ${shown} right, the model that learns from it ${formatPercent(own, 1)}: a teacher should be the better of the two, with the same preprocessing`;
}
