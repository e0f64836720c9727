import { EspalierError } from '../errors.ts';
import type { ModelTensor } from '../network/model-interface.ts';
import { checkPredictedValues } from './check-predicted-values.ts';
import type { DataSet } from './dataset.ts';
import { plainName } from './inputs/model-inputs.ts';
import { type BoundTarget, boundTargets } from './targets.ts';

/**
 * Checks what the data have to say of the model's outputs.
 *
 * @returns warnings for the user
 * @throws EspalierError `invalid-data` where an output cannot be what its labels are of: fewer outputs than classes, other positions
 */
export function checkOutputs(outputs: readonly ModelTensor[], data: DataSet): readonly string[] {
  const bound = boundTargets(data.target);
  const left = outputs.filter((_, place) => !bound.some(({ output }) => output === place));
  const [first] = outputs;
  const unused =
    left.length === 0
      ? []
      : data.target.kind === 'outputs'
        ? [
            `${left.map(({ name }) => `"${plainName(name)}"`).join(', ')} of the model's outputs have no labels and are not trained or measured`,
          ]
        : [`the model has ${outputs.length} outputs: the first, "${plainName(first?.name ?? '')}", is compared with the data`];
  return [...unused, ...bound.flatMap((target) => outputWarnings(outputs[target.output]?.shape ?? [], target, data.name))];
}

function outputWarnings(shape: readonly number[], { target, name }: BoundTarget, data: string): readonly string[] {
  const outputs = shape.reduce((product, size) => product * size, 1);
  const where = name === '' ? data : `${data}, output "${name}"`;
  switch (target.kind) {
    case 'regression':
      checkPredictedValues(outputs, target, where);
      return [];
    case 'classes':
      return classWarnings(outputs, target.classes, where);
    case 'classMap': {
      const classes = outputs / target.positions;
      if (!Number.isInteger(classes))
        throw new EspalierError('invalid-data', `its masks have ${target.positions} positions, but the output is [${shape.join(', ')}]`, {
          where,
          fix: 'store masks of the size of the output',
        });
      return classWarnings(classes, target.classes, where);
    }
    case 'multiLabel':
    case 'teacher':
      if (outputs !== target.size)
        throw new EspalierError('invalid-data', `the data have ${target.size} classes, but the output has ${outputs} numbers`, {
          where,
          fix: 'use the data that the model was trained on',
        });
      return [];
  }
}

function classWarnings(outputs: number, classes: number, where: string): readonly string[] {
  const isBinary = outputs === 1 && classes === 2;
  if (outputs < classes && !isBinary) {
    throw new EspalierError('invalid-data', `the data have ${classes} classes, but the model has ${outputs} outputs`, {
      where,
      fix: 'use the data that the model was trained on; of folders, "classes" chooses those that the model knows, in its order',
    });
  }
  return outputs > classes
    ? [`the model has ${outputs} outputs, but the data have ${classes} classes: check that labels and outputs are in the same order`]
    : [];
}
