import { findConstraint, type NetworkConstraints } from '../constraints/constraint.ts';
import { calibrate } from '../quantize/calibrate.ts';
import type { Observer } from '../quantize/observers.ts';
import type { ActivationType, QuantizedNetwork } from '../quantize/quantization.ts';
import { quantizeNetwork } from '../quantize/quantize-network.ts';
import { readyForDeployment } from './fold-constraints.ts';
import { withIntegerGrids } from './quantization-aware-training.ts';
import type { OptimizedModel, TechniqueContext } from './technique.ts';

export interface PostTrainingQuantizationOptions {
  /** Examples of the training data that give the ranges of activations; default: 1,000. */
  readonly samples?: number;
  readonly observer?: Observer;
  /** Default: int8. */
  readonly activationType?: ActivationType;
}

/**
 * Full-integer quantization without training: ranges are calibrated, weights rounded. A clustered kernel is rounded
 * on the grid of its codebook, so that a centroid is one integer throughout the kernel.
 */
export async function applyPostTrainingQuantization(model: OptimizedModel, context: TechniqueContext, options: PostTrainingQuantizationOptions = {}): Promise<QuantizedNetwork> {
  const { network, constraints } = readyForDeployment(model);
  const ranges = await calibrate({
    engine: context.engine, network, data: context.data.train, samples: options.samples ?? 1000, signal: context.signal,
    ...(options.observer === undefined ? {} : { observer: options.observer }),
    onProgress: (fraction) => { context.onProgress('calibrating', fraction); },
  });
  const grids = onlyClustered(withIntegerGrids(network, constraints, 'maximum'));
  return quantizeNetwork({ network, ranges, constraints: grids, activationType: options.activationType ?? 'int8' });
}

function onlyClustered(constraints: NetworkConstraints): NetworkConstraints {
  return new Map([...constraints].filter(([, list]) => findConstraint(list, 'codebook') !== undefined));
}
