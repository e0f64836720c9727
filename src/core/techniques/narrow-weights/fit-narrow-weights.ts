/**
 * Rounds kernels to 15 levels a channel. Rounding to nearest would err too much, so scales and integers are chosen by
 * what each layer computes on training examples.
 */
import { levelsOf } from '../../constraints/composition.ts';
import {
  type Constraints,
  findConstraint,
  type IntegerGrid,
  type NetworkConstraints,
  withConstraint,
} from '../../constraints/constraint.ts';
import { gridScales, projectIntegerGrid } from '../../constraints/integer-grid.ts';
import type { Network, ParameterId } from '../../network/network.ts';
import { usesOf } from '../../network/passes/rewrite.ts';
import { outputChannels } from '../kernels.ts';
import { fitCodebookScales } from '../post-training/fit-codebook-scales.ts';
import { reconstructLayers } from '../reconstruction/reconstruct-layers.ts';
import type { TechniqueContext } from '../technique.ts';
import { fitDepthwise, fitFilters, roundToNearest } from './fit-kernel.ts';
import { chosenKernels, narrowBits } from './narrow-kernels.ts';

/** Longer filters are rounded to nearest: the time of factoring grows with the cube of the length. */
const longestFilter = 2304;

export interface NarrowNetwork {
  /** With these kernels on their grids, and biases that make up for the mean errors. */
  readonly network: Network;
  readonly grids: ReadonlyMap<ParameterId, IntegerGrid>;
}

export interface NarrowFit {
  readonly kernels: ReadonlySet<ParameterId>;
  /** Whether biases may move; those before batch norms of the training may anyway. */
  readonly correctBiases: boolean;
  /** Of AdaRound for each layer, see `adaptiveRounding`; 0 for none. */
  readonly roundingSteps: number;
}

/**
 * The network with these kernels on grids of 4 bits, one layer after the other, each making up for the errors of those
 * before it. For a filter q, with patches y of its input in the rounded network, x in the whole one, and a bias that
 * takes up the difference of the means, the error is
 *
 *     sum |q (y - mean y) - w (x - mean x)|^2
 *
 * (asymmetric reconstruction: Nagel et al. 2020, arXiv:2004.10568, equation 25). `roundFilter` lowers it. Masks stay in
 * force. Kernels of a codebook take the scale that suits its values, so that equal weights stay equal.
 *
 * @throws EspalierError `cancelled`
 */
export async function fitNarrowWeights(
  network: Network,
  constraints: NetworkConstraints,
  { kernels, correctBiases, roundingSteps }: NarrowFit,
  context: TechniqueContext,
): Promise<NarrowNetwork> {
  const grids = new Map(codebookGrids(network, constraints, kernels));
  const uses = usesOf(network);
  const rounded = await reconstructLayers(
    network,
    network,
    {
      kernels,
      longestFilter,
      fit: async (id, kernel, equations, layer) => {
        const known = grids.get(id);
        if (known !== undefined) return projectIntegerGrid(kernel.data, kernel.shape, known);
        const { operation } = layer;
        const { axis } = { axis: 0, ...outputChannels(operation) };
        const normalized = uses.soleConsumer(operation.output)?.kind === 'batchNorm';
        const biased = correctBiases && operation.bias !== undefined && uses.parameterUsers(operation.bias) === 1;
        const mask = findConstraint(constraints.get(id) ?? [], 'sparsity')?.mask;
        const problem = { kernel, mask, meansAreFree: normalized || biased, roundingSteps, layer };
        const fitted =
          operation.kind === 'depthwiseConv2d'
            ? await fitDepthwise(problem, context)
            : equations === undefined
              ? undefined
              : await fitFilters(problem, equations, context);
        const { scales, weights, shift } = fitted ?? roundToNearest(kernel, axis);
        grids.set(id, { kind: 'integerGrid', granularity: { kind: 'channel', axis }, bits: narrowBits, scales, scaling: 'fixed' });
        if (biased && shift !== undefined) layer.shiftBias(shift);
        return weights;
      },
    },
    context,
  );
  return { network: rounded, grids };
}

/** Grids of clustered kernels: equal weights become equal integers. */
function codebookGrids(
  network: Network,
  constraints: NetworkConstraints,
  kernels: ReadonlySet<ParameterId>,
): ReadonlyMap<ParameterId, IntegerGrid> {
  const clustered = new Map<ParameterId, Constraints>();
  for (const { parameter, operation, data, shape } of chosenKernels(network, kernels)) {
    const list = constraints.get(parameter) ?? [];
    const levels = levelsOf(list);
    if (levels === undefined) continue;
    const granularity = outputChannels(operation);
    const scales = gridScales(data, shape, { granularity, bits: narrowBits }, levels);
    clustered.set(parameter, withConstraint(list, { kind: 'integerGrid', granularity, bits: narrowBits, scales, scaling: 'fixed' }));
  }
  const grids = new Map<ParameterId, IntegerGrid>();
  for (const [parameter, list] of fitCodebookScales(network, clustered)) {
    const grid = findConstraint(list, 'integerGrid');
    if (grid !== undefined) grids.set(parameter, grid);
  }
  return grids;
}

export function withGrids(constraints: NetworkConstraints, grids: NarrowNetwork['grids']): NetworkConstraints {
  const all = new Map(constraints);
  for (const [parameter, grid] of grids) all.set(parameter, withConstraint(all.get(parameter) ?? [], grid));
  return all;
}
