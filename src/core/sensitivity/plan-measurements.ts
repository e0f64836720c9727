/** How much of a network's sensitivity is measured. */
import { type LayerChoice, weightChoices } from '../../shared/layer-choices.ts';
import { shapeOf } from '../lowering/lower-network.ts';
import type { Network, ParameterId } from '../network/network.ts';
import type { Operation } from '../network/operations.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import { elements } from '../program/shapes.ts';
import type { Kernel } from '../techniques/kernels.ts';
import { suffixOf } from './network-parts.ts';

const mostExamples = 512;
const fewestExamples = 24;
/**
 * Multiply-accumulates that comparing outputs may take in all. Small networks measure every
 * choice on 512 examples; larger ones first use fewer examples, then measure fewer choices.
 */
const macBudget = 2.5e11;
/** Of a layer's choices measured at least; the divergence of the others lies between. */
const fewestMeasured = 4;

export interface MeasurementPlan {
  readonly examples: number;
  /** Choices measured in each layer. */
  readonly choices: number;
}

/** From counts alone, so that the same network and data always give the same figures. */
export function planMeasurements(network: Network, kernels: readonly Kernel[], size: number, budget = macBudget): MeasurementPlan {
  const macs = new Map(network.operations.map((operation) => [operation, operationMacs(network, operation)]));
  const perExample = kernels.reduce(
    (sum, { parameter }) =>
      sum + suffixOf(network, parameter).operations.reduce((total, operation) => total + (macs.get(operation) ?? 0), 0),
    0,
  );
  const all = weightChoices.length;
  const examples = Math.min(size, Math.max(fewestExamples, Math.min(mostExamples, Math.floor(budget / (perExample * all)))));
  const choices = Math.min(all, Math.max(fewestMeasured, Math.floor(budget / (perExample * examples))));
  return { examples, choices };
}

/** What is done for each choice of a kernel, besides comparing outputs. */
export interface FitPlan {
  /**
   * Kernels that are fitted to every choice, with values that are fitted once more to the weights that took them; the others
   * are fitted to `coarseChoices`.
   */
  readonly closely: ReadonlySet<ParameterId>;
  /** Most weights of a kernel whose bytes are counted; see `kernelBytes`. */
  readonly counted: number;
}

/** The levels of zeros and of values that a large kernel is fitted to; what lies between follows from its neighbours. */
const coarseSparsities = [0, 0.5, 0.8, 0.95, 0.99];
const coarseClusters = [0, 16, 4];
export const coarseChoices: readonly LayerChoice[] = weightChoices.filter(
  ({ sparsity, clusters }) => coarseSparsities.includes(sparsity) && coarseClusters.includes(clusters),
);

/** Products of filters with the moments of their inputs, of all kernels that are fitted closely: some ten seconds. */
const fitBudget = 7.5e7;
/** Weights that are compressed, of all kernels together: some seconds for all choices. */
const countedBudget = 2 ** 17;
const mostCounted = 2 ** 16;
const fewestCounted = 2 ** 12;

/** Small kernels are fitted and counted in full; of a large network the largest kernels less closely. */
export function planFits(kernels: readonly Kernel[]): FitPlan {
  const closely = new Set<ParameterId>();
  let left = fitBudget;
  for (const kernel of kernels.toSorted((a, b) => fitWork(a) - fitWork(b))) {
    left -= fitWork(kernel);
    if (left < 0) break;
    closely.add(kernel.parameter);
  }
  let counted = mostCounted;
  while (counted > fewestCounted && kernels.reduce((sum, { data }) => sum + Math.min(counted, data.length), 0) > countedBudget)
    counted /= 2;
  return { closely, counted };
}

/** Products of one pass over the weights; depthwise kernels are not fitted to their inputs. */
function fitWork({ operation, data, shape }: Kernel): number {
  return operation.kind === 'depthwiseConv2d' ? 0 : (data.length / (shape[0] ?? 1)) * data.length;
}

/** Multiply-accumulates of an operation with a kernel; 0 of others. */
export function operationMacs(network: Network, operation: Operation): number {
  if (!hasKernel(operation)) return 0;
  const [input = ''] = operation.inputs;
  const kernel = network.parameters.get(operation.kernel)?.shape ?? [];
  const perOutput = operation.kind === 'depthwiseConv2d' ? elements(kernel.slice(0, -1)) : elements(kernel.slice(1));
  if (operation.kind === 'transposeConv2d') return (elements(shapeOf(network, input)) / (kernel.at(-1) ?? 1)) * elements(kernel);
  return elements(shapeOf(network, operation.output)) * perOutput;
}
