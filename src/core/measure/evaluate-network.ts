import type { Accuracy } from '../../shared/results.ts';
import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { TensorQuantization } from '../quantize/quantization.ts';
import { compileInference } from '../lowering/inference.ts';
import { roundActivations } from '../quantize/round-activations.ts';
import { Scores } from '../scoring/score.ts';

export interface NetworkEvaluation {
  readonly engine: Engine;
  readonly network: Network;
  readonly data: DataSet;
  /** Rounds activations as the integer .tflite does. */
  readonly activations?: undefined | ReadonlyMap<ValueId, TensorQuantization>;
  readonly batchSize?: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: (fraction: number) => void;
}

/** Of a run: a hundred images of 224 pixels take 2 GB in a MobileNet V2 of width 1. */
const memoryBytes = 700e6;

/** Accuracy of a network on the training engine, in batches. */
export async function evaluateNetwork(options: NetworkEvaluation): Promise<Accuracy> {
  const { engine, network, data, batchSize = 100 } = options;
  requireExamples(data);
  const { activations } = options;
  const inference = await compileInference(engine, network, Math.min(batchSize, data.size), {
    transform: activations && roundActivations(network, activations),
    memoryBytes,
  });
  try {
    const scores = new Scores(data.target);
    for (let start = 0; start < data.size; start += inference.batchSize) {
      throwIfCancelled(options.signal);
      const batch = await data.read(Uint32Array.from({ length: Math.min(inference.batchSize, data.size - start) }, (_, i) => start + i));
      scores.add(await inference.run(batch.inputs, batch.size), batch);
      options.onProgress?.((start + batch.size) / data.size);
    }
    return scores.accuracy(engine.description);
  } finally {
    await inference.dispose();
  }
}

export function requireExamples(data: DataSet): void {
  if (data.size === 0)
    throw new EspalierError('invalid-data', 'it holds no examples to measure on', {
      where: `${data.name} set`,
      fix: 'name test data in the data spec',
    });
}

export function throwIfCancelled(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw new EspalierError('cancelled', 'the evaluation was cancelled');
}
