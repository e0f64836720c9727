import { EspalierError } from '../errors.ts';
import type { Target } from './target.ts';

/**
 * @param outputs values that the model gives for an example
 * @throws EspalierError `invalid-data` when they are not as many as the data have to predict
 */
export function checkPredictedValues(
  outputs: number,
  { size, isInput = false }: Extract<Target, { kind: 'regression' }>,
  where: string,
): void {
  if (outputs === size) return;
  if (isInput)
    throw new EspalierError(
      'invalid-data',
      `without labels the model should give back its input of ${size} values, but it has ${outputs} outputs`,
      {
        where,
        fix: 'name the labels in the data spec, and leave "task": "autoencoder" out; or compare it with the trained model by `--reference`',
      },
    );
  throw new EspalierError('invalid-data', `the model has ${outputs} outputs, but the data have ${size} values to predict`, {
    where,
    fix: 'set "task" in the data spec, or use the data that the model was trained on',
  });
}
