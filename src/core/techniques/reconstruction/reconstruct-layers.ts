import type { Network, Parameter, ParameterId } from '../../network/network.ts';
import { hasKernel, type KernelOperation } from '../../network/kernel-operations.ts';
import { usesOf } from '../../network/passes/rewrite.ts';
import type { TechniqueContext } from '../technique.ts';
import { LayerInputs } from './layer-inputs.ts';
import { type NormalEquations, normalEquations } from './normal-equations.ts';
import type { PatchSample } from './patch-sample.ts';
import { patchesOfKernel } from './patches.ts';

/** The equations of longer filters would take gigabytes. */
const defaultLongestFilter = 4608;

export interface LayerFit {
  /** Weights of a filter whose layer has equations, at most; default: 4,608. */
  readonly longestFilter?: number;
  /** Whose layers change. */
  readonly kernels: ReadonlySet<ParameterId>;
  /**
   * New weights of a kernel.
   *
   * @param kernel of the whole network
   * @param equations of what its layer computes on examples; undefined where it is no convolution or dense layer, is
   *   used more than once, is too long or has inputs that are all zero
   */
  fit(id: ParameterId, kernel: Parameter, equations: NormalEquations | undefined, layer: FittedLayer): Promise<Float32Array | undefined>;
}

/** The layer that is fitted. */
export interface FittedLayer {
  readonly operation: KernelOperation;
  /** As it is in the beginning. */
  readonly whole: Network;
  /** For patches of its input, with the layers before as they have become. */
  readonly sample: Omit<PatchSample, 'patches' | 'most'>;
  /** Changes the bias of the layer; without one, or where other layers share it, nothing happens. */
  shiftBias(shift: Float32Array): void;
}

/**
 * Changes one layer after the other, from the outputs of the whole network on training examples and the inputs that the
 * layers changed before give now, so that each layer makes up for those: Dong et al. 2017, arXiv:1705.07565. Examples
 * are augmented as in training.
 *
 * @param changed what there is to begin with, for example with masked weights
 * @throws EspalierError `cancelled`
 */
export async function reconstructLayers(
  whole: Network,
  changed: Network,
  { kernels, fit, longestFilter = defaultLongestFilter }: LayerFit,
  context: TechniqueContext,
): Promise<Network> {
  let current = changed;
  const uses = usesOf(whole);
  const { engine, data, seed, signal } = context;
  const inputs = new LayerInputs({ engine, whole, data: data.train, seed, signal });
  const done = new Set<ParameterId>();
  for (const [index, operation] of whole.operations.entries()) {
    if (!hasKernel(operation) || !kernels.has(operation.kernel)) continue;
    context.onProgress('calibrating', done.size / kernels.size);
    const kernel = whole.parameters.get(operation.kernel);
    if (kernel === undefined || done.has(operation.kernel)) continue;
    done.add(operation.kernel);
    const alone = uses.parameterUsers(operation.kernel) === 1;
    const patches = alone && inputs.size > 0 ? patchesOfKernel(whole, operation, kernel) : undefined;
    const sample = { inputs, changed: current, index, seed };
    const equations =
      patches === undefined || patches.length > longestFilter
        ? undefined
        : await normalEquations(engine, { ...sample, patches }, kernel.data);
    let bias: Float32Array | undefined;
    const shiftBias = (shift: Float32Array): void => {
      bias = shift;
    };
    const data = await fit(operation.kernel, kernel, equations, { operation, whole, sample, shiftBias });
    if (data !== undefined) current = withWeights(current, operation.kernel, kernel, data);
    if (bias !== undefined && operation.bias !== undefined && uses.parameterUsers(operation.bias) === 1)
      current = withShiftedBias(current, operation.bias, bias);
  }
  return current;
}

function withWeights(network: Network, id: ParameterId, parameter: Parameter, data: Float32Array): Network {
  return { ...network, parameters: new Map(network.parameters).set(id, { ...parameter, data }) };
}

function withShiftedBias(network: Network, id: ParameterId, shift: Float32Array): Network {
  const bias = network.parameters.get(id);
  return bias === undefined
    ? network
    : withWeights(
        network,
        id,
        bias,
        bias.data.map((value, c) => value + (shift[c] ?? 0)),
      );
}
