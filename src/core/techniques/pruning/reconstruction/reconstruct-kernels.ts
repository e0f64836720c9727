import type { Network, Parameter, ParameterId } from '../../../network/network.ts';
import { type Conv2d, type Dense, hasKernel } from '../../../network/operations.ts';
import { usesOf } from '../../../network/passes/rewrite.ts';
import type { TechniqueContext } from '../../technique.ts';
import { withMaskedWeights } from '../masked-network.ts';
import { maskedLeastSquares } from './masked-least-squares.ts';
import { normalEquations } from './normal-equations.ts';
import { patchesOf } from './patches.ts';

/** The equations of longer ones would take gigabytes. */
const longestFilter = 4608;

/**
 * Sets the masked weights of kernels to zero and the others to what keeps each layer's outputs on training examples as
 * near to the whole network's as may be, one layer after the other, so that each makes up for the ones before it too:
 * the optimal brain surgeon's correction (Hassibi & Stork 1992) with the masks given, layer by layer as by Dong et al.
 * 2017, arXiv:1705.07565. Examples are augmented as in training.
 *
 * Kernels of convolutions and dense layers that one operation uses are fitted; others are masked only.
 *
 * @param pruned the original with fewer masked weights, or itself
 * @throws EspalierError `cancelled`
 */
export async function reconstructKernels(
  original: Network,
  pruned: Network,
  masks: ReadonlyMap<ParameterId, Uint8Array>,
  context: TechniqueContext,
): Promise<Network> {
  let current = withMaskedWeights(pruned, masks);
  if (context.data.train.size === 0) return current;
  const uses = usesOf(original);
  const operations = original.operations.filter(hasKernel).filter(({ kernel }) => masks.has(kernel));
  for (const [done, operation] of operations.entries()) {
    context.onProgress('calibrating', done / operations.length);
    const whole = original.parameters.get(operation.kernel);
    const mask = masks.get(operation.kernel);
    if (whole === undefined || mask === undefined || mask.every((kept) => kept !== 0)) continue;
    if (operation.kind !== 'conv2d' && operation.kind !== 'dense') continue;
    if (uses.parameterUsers(operation.kernel) > 1) continue;
    const data = await fittedWeights(original, current, operation, mask, context);
    if (data !== undefined) current = withWeights(current, operation.kernel, whole, data);
  }
  return current;
}

async function fittedWeights(
  whole: Network,
  pruned: Network,
  operation: Conv2d | Dense,
  mask: Uint8Array,
  { engine, data, seed, signal }: TechniqueContext,
): Promise<Float32Array | undefined> {
  const [source = ''] = operation.inputs;
  const kernel = whole.parameters.get(operation.kernel);
  const shape = whole.values.get(source)?.shape;
  const patches = kernel === undefined || shape === undefined ? undefined : patchesOf(operation, shape, kernel.shape);
  if (kernel === undefined || patches === undefined || patches.length > longestFilter) return undefined;
  const equations = await normalEquations(
    { engine, networks: [whole, pruned], source, patches, data: data.train, seed, signal },
    kernel.data,
  );
  if (equations === undefined) return undefined;
  const fitted = await maskedLeastSquares({ engine, weights: kernel.data, mask, equations, signal });
  return fitted.every(Number.isFinite) ? fitted : undefined;
}

function withWeights(network: Network, id: ParameterId, parameter: Parameter, data: Float32Array): Network {
  return { ...network, parameters: new Map(network.parameters).set(id, { ...parameter, data }) };
}
