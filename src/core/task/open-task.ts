import type { OutputsByName } from '../../shared/recipe/output-options.ts';
import type { DataSplits } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network } from '../network/network.ts';
import type { Loss } from '../train/fine-tuning.ts';
import { plannedLoss, planTask } from './plan-task.ts';
import { outputVariances, Teacher, withTeacher } from './teacher.ts';

export interface Task {
  /** Its targets are those of the task. */
  readonly data: DataSplits;
  readonly loss: Loss;
  readonly warnings: readonly string[];
  /** Frees what runs the trained model; examples can be read after it too. */
  readonly release: () => Promise<void>;
}

export interface TaskSetting {
  readonly network: Network;
  readonly data: DataSplits;
  readonly outputs: OutputsByName | undefined;
  /** Runs the trained model, where outputs are learned from it. */
  readonly engine: () => Promise<Engine>;
  /** Whether training examples are augmented. */
  readonly isAugmented: boolean;
}

/**
 * What the model learns on these data, and by what it is measured.
 *
 * @throws EspalierError as `planTask` does
 */
export async function openTask({ network, data, outputs, engine, isAugmented }: TaskSetting): Promise<Task> {
  const plan = planTask(network, data, outputs);
  if (plan.isPlain) return { data, loss: plannedLoss(plan, new Map()), warnings: plan.warnings, release: () => Promise.resolve() };
  const learns = plan.outputs.some(({ source }) => source === undefined);
  // Without outputs that are learned from it the model never runs, and no engine is made.
  const teacher = new Teacher(engine, network);
  const splits: DataSplits = {
    train: withTeacher(data.train, plan, teacher, isAugmented),
    validation: withTeacher(data.validation, plan, teacher, false),
    test: withTeacher(data.test, plan, teacher, false),
  };
  const variances = learns ? await outputVariances(data.train, plan, teacher) : new Map<number, number>();
  return { data: splits, loss: plannedLoss(plan, variances), warnings: plan.warnings, release: () => teacher.release() };
}
