import type { Network, ParameterId } from '../../network/network.ts';
import { maskedLeastSquares } from '../reconstruction/masked-least-squares.ts';
import { reconstructLayers } from '../reconstruction/reconstruct-layers.ts';
import type { TechniqueContext } from '../technique.ts';
import { withMaskedWeights } from './mask-schedule.ts';

/**
 * Sets the masked weights of kernels to zero and fits the others, layer by layer, so that each layer's outputs on
 * training examples have the least squared difference from those of the whole network: the correction of the optimal
 * brain surgeon (Hassibi & Stork 1992) for given masks. The equations are in `NormalEquations`, the solution in
 * `maskedLeastSquares`.
 *
 * Fits kernels of convolutions and dense layers that one operation uses; others are masked only.
 *
 * @param pruned the original with fewer masked weights, or itself
 * @throws EspalierError `cancelled`
 */
export function reconstructKernels(
  original: Network,
  pruned: Network,
  masks: ReadonlyMap<ParameterId, Uint8Array>,
  context: TechniqueContext,
): Promise<Network> {
  const partly = new Set([...masks].filter(([, mask]) => mask.includes(0)).map(([id]) => id));
  return reconstructLayers(
    original,
    withMaskedWeights(pruned, masks),
    {
      kernels: partly,
      fit: async (id, kernel, equations) => {
        const mask = masks.get(id);
        if (mask === undefined || equations === undefined) return undefined;
        const fitted = await maskedLeastSquares({ engine: context.engine, weights: kernel.data, mask, equations, signal: context.signal });
        return fitted.every(Number.isFinite) ? fitted : undefined;
      },
    },
    context,
  );
}
