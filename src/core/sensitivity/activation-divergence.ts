import { activationChoices, type LayerChoice } from '../../shared/layer-choices.ts';
import type { DataSet } from '../data/dataset.ts';
import type { Engine } from '../engine/engine.ts';
import type { Network, ParameterId, ValueId } from '../network/network.ts';
import { hasKernel } from '../network/kernel-operations.ts';
import { prepareForDeployment } from '../network/passes/prepare-for-deployment.ts';
import { calibrate } from '../quantize/calibrate.ts';
import { type ActivationPlan, groupQuantization, planActivations } from '../quantize/plan-activations.ts';
import type { ActivationType, Range, TensorQuantization } from '../quantize/quantization.ts';
import { rangeQuantization } from '../quantize/range-quantization.ts';
import { kernelsOf, quantizationGranularity } from '../techniques/kernels.ts';
import type { OutputDivergence } from './divergence.ts';
import { onGrid } from './fit-layer.ts';

export interface ActivationSetting {
  readonly engine: Engine;
  readonly network: Network;
  /** Training examples; ranges are those of minimum and maximum on as many of them as outputs are compared on. */
  readonly data: DataSet;
  readonly examples: number;
  readonly signal: AbortSignal;
}

export interface MeasuredActivations extends LayerChoice {
  readonly divergence: number;
}

/**
 * How far the output moves when one layer alone computes in integers: 8-bit weights, and what it reads and writes rounded to
 * the codes of int8 or int16. In the network that is deployed, batch norms folded and activations fused, since these are
 * the tensors that a file has.
 */
export class ActivationDivergence {
  readonly #network: Network;
  readonly #plan: ActivationPlan;
  readonly #ranges: ReadonlyMap<ValueId, Range>;

  private constructor(network: Network, plan: ActivationPlan, ranges: ReadonlyMap<ValueId, Range>) {
    this.#network = network;
    this.#plan = plan;
    this.#ranges = ranges;
  }

  /** @throws EspalierError `cancelled` */
  static async open({ network, examples, ...setting }: ActivationSetting): Promise<ActivationDivergence> {
    const deployed = prepareForDeployment(network);
    const ranges = await calibrate({ ...setting, network: deployed, samples: examples });
    return new ActivationDivergence(deployed, planActivations(deployed), ranges);
  }

  /** Of each of `activationChoices`; none where the layer has no place of its own in the deployed network. */
  async of(parameter: ParameterId, divergence: OutputDivergence): Promise<readonly MeasuredActivations[]> {
    const kernel = kernelsOf(this.#network).find((each) => each.parameter === parameter);
    if (kernel === undefined) return [];
    const layers = this.#network.operations.filter((operation) => hasKernel(operation) && operation.kernel === parameter);
    const values = layers.flatMap(({ inputs, output }) => [...inputs.slice(0, 1), output]);
    const rounded = [...new Set(values)].filter((id) => this.#quantization(id, 'int8') !== undefined);
    const { weights } = onGrid(kernel.data, kernel.shape, quantizationGranularity(kernel.operation), 8);
    const compared = await divergence.rounding(this.#network, parameter, rounded);
    try {
      const found: MeasuredActivations[] = [];
      for (const choice of activationChoices) {
        const type = choice.activations === 16 ? 'int16' : 'int8';
        const quantizations = rounded.flatMap((id) => this.#quantization(id, type) ?? []);
        found.push({ ...choice, divergence: await compared.of(weights, quantizations) });
      }
      return found;
    } finally {
      await compared.dispose();
    }
  }

  /** As the file has it: of the group of values that share it. */
  #quantization(id: ValueId, type: ActivationType): TensorQuantization | undefined {
    const group = this.#plan.groupOf.get(id);
    if (group === undefined) return undefined;
    const range = this.#ranges.get(group.id);
    return groupQuantization(group, type) ?? (range && rangeQuantization(range, type));
  }
}
