import type { NetworkConstraints } from '../constraints/constraint.ts';
import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { BatchOrder } from './batch-order.ts';
import type { Loss, Optimizer } from './fine-tuning.ts';
import { unpack } from './flat-layout.ts';
import { momentNames } from './optimizers.ts';
import { trainedParameters } from './trained-parameters.ts';
import { TrainingSteps } from './training-steps.ts';

export interface FisherMeasurement {
  readonly engine: Engine;
  readonly network: Network;
  readonly constraints: NetworkConstraints;
  readonly data: DataSet;
  readonly loss: Loss;
  readonly batchSize: number;
  readonly batches: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly onProgress?: (fraction: number) => void;
}

/** Keras's. A step of size 0 only moves the moments. */
const optimizer = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-7 } as const satisfies Optimizer;
const standingStill = { update: 0, decay: 0 };

/**
 * An estimate of the diagonal of the Fisher information, how much the loss depends on each weight:
 *
 *     F_i = E[(dL / dw_i)^2]
 *
 * as Adam's second moment (an exponential average of squared gradients of batches, corrected for its start at zero)
 * while the weights do not move. LeCun et al. 1990 (optimal brain damage) and Choi et al. 2017, arXiv:1612.01543, weigh
 * the squared error of a weight by it.
 *
 * @returns at least 0, of every parameter that learns, in the layout of the parameter
 * @throws EspalierError `cancelled`
 */
export async function fisherInformation(measurement: FisherMeasurement): Promise<ReadonlyMap<ParameterId, Float32Array>> {
  const { engine, network, constraints, data, loss, seed, batches, signal, onProgress } = measurement;
  const batchSize = Math.min(measurement.batchSize, data.size);
  const frozen = new Set<ParameterId>();
  const parameters = trainedParameters(network, 'frozen', frozen);
  const steps = new TrainingSteps(
    {
      network,
      parameters,
      constraints,
      denseMaskGradients: false,
      quantizers: undefined,
      target: data.target,
      loss,
      optimizer,
      batchNorm: 'frozen',
      frozen,
      gradientClipNorm: undefined,
    },
    { engine, batchSize, seed, memoryBytes: undefined },
  );
  try {
    const order = new BatchOrder(data.size, batchSize, seed);
    for (let step = 1; step <= batches; step++) {
      if (signal.aborted) throw new EspalierError('cancelled', 'measuring the Fisher information was cancelled');
      await steps.run(await data.read(order.indices(step), order.epochOf(step)), step, standingStill);
      onProgress?.(step / batches);
    }
    const moment = steps.copyState().get(`weights/${momentNames(optimizer)[1] ?? ''}`) ?? new Float32Array(parameters.learned.length);
    // Corrected for its start at zero, as Adam does (algorithm 1).
    const share = 1 - optimizer.beta2 ** batches;
    return unpack(
      parameters.learned,
      moment.map((value) => value / share),
    );
  } finally {
    await steps.dispose();
  }
}
