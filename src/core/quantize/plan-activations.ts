import type { FixedOutput, IntegerScale } from '../network/kinds/operation-facts.ts';
import { factsOf } from '../network/kinds/operation-table.ts';
import type { Network, ValueId } from '../network/network.ts';
import type { Operation } from '../network/operations.ts';
import { fixedQuantization } from './fixed-quantization.ts';
import type { ActivationType, TensorQuantization } from './quantization.ts';

/** Values that share one scale and zero point, because integer kernels only move numbers between them. */
export interface ActivationGroup {
  /** The first value of the group in the network's order: the key of its range. */
  readonly id: ValueId;
  readonly values: readonly ValueId[];
  /** Where new numbers appear: the range is that of all of them, and training quantizes each. */
  readonly sources: readonly ValueId[];
  /** Where numbers are averaged or converted within the group, so that they must be rounded to its grid again. */
  readonly rounded: readonly ValueId[];
  /** Set where the runtimes prescribe the parameters (softmax, sigmoid, tanh, …); then no range is needed. */
  readonly fixed: FixedOutput | undefined;
  /** Undefined for that of the file; see `mixActivations`. */
  readonly type: ActivationType | undefined;
}

export interface ActivationPlan {
  readonly groups: readonly ActivationGroup[];
  /** Of every value but indices (inputs of embeddings), which stay integers as they are. */
  readonly groupOf: ReadonlyMap<ValueId, ActivationGroup>;
  /** Values that are integer means of codes of the same scale: their kernels round halves away from code 0. */
  readonly integerMeans: ReadonlySet<ValueId>;
}

/**
 * Which values of a network carry a quantizer when it runs in int8, after the fused patterns of the guide (conv,
 * depthwise or dense with its activation; add with relu; concat quantized only after). Calibration, quantization-aware
 * training and the integer writer all follow this plan, so that they agree.
 *
 * The network is one that `prepareForDeployment` gave: activations fused, batch norms folded. Of one that `prepareForTraining` gave,
 * the values that the deployed network lacks get groups of their own, for which there are no ranges.
 */
export function planActivations(network: Network): ActivationPlan {
  const indices = indexValues(network);
  const bounds = boundValues(network);
  const groups = new Map<ValueId, Members>();
  const add = (value: ValueId, members: Members): void => {
    members.values.push(value);
    groups.set(value, members);
  };
  for (const input of network.inputs) {
    if (!indices.has(input)) add(input, { values: [], sources: [input], rounded: [], fixed: undefined });
  }
  for (const operation of network.operations) {
    const { output } = operation;
    if (indices.has(output)) continue;
    const scale = factsOf(operation).integerScale(operation);
    const source = scale === 'asInput' ? groups.get(operation.inputs[0] ?? '') : undefined;
    if (scale === 'asAllInputs') {
      add(output, joinInputs(operation, groups, bounds));
    } else if (source === undefined) {
      add(output, { values: [], sources: [output], rounded: [], fixed: fixedOutput(operation, scale, groups) });
    } else {
      add(output, source);
      if (averages(operation)) source.rounded.push(output);
      // What pads brings a number of its own.
      if (operation.kind === 'pad' && operation.value !== 0 && source.fixed === undefined) source.sources.push(output);
    }
  }
  const order = new Map([...network.inputs, ...network.operations.map((operation) => operation.output)].map((value, i) => [value, i]));
  const position = (value: ValueId): number => order.get(value) ?? 0;
  const planned = [...new Set(groups.values())].map((members): ActivationGroup => {
    const values = [...members.values].sort((a, b) => position(a) - position(b));
    const [id = ''] = values;
    return { ...members, values, id, type: network.values.get(id)?.type };
  });
  const integerMeans = new Set(network.operations.filter(isAveragePool).map(({ output }) => output));
  return { groups: planned, groupOf: new Map(planned.flatMap((group) => group.values.map((value) => [value, group]))), integerMeans };
}

/**
 * The prescribed parameters of a group; undefined when they come from a range.
 *
 * @param others the type of groups that have none of their own
 */
export function groupQuantization({ fixed, type }: ActivationGroup, others: ActivationType): TensorQuantization | undefined {
  return fixed === undefined ? undefined : fixedQuantization(fixed, type ?? others);
}

interface Members {
  readonly values: ValueId[];
  readonly sources: ValueId[];
  readonly rounded: ValueId[];
  readonly fixed: FixedOutput | undefined;
}

/** What is prescribed for a value is prescribed for it in codes of another type too. */
function fixedOutput(
  { kind, inputs }: Operation,
  scale: Exclude<IntegerScale, 'asAllInputs'>,
  groups: ReadonlyMap<ValueId, Members>,
): FixedOutput | undefined {
  if (kind === 'requantize') return groups.get(inputs[0] ?? '')?.fixed;
  return scale === 'own' || scale === 'asInput' ? undefined : scale;
}

/** The integer kernel wants one scale: the free inputs join the output; fixed ones are converted on their way in. */
function joinInputs(operation: Operation, groups: Map<ValueId, Members>, bounds: ReadonlySet<ValueId>): Members {
  const inputs = [...new Set(operation.inputs.flatMap((input) => groups.get(input) ?? []))];
  const [first] = inputs;
  if (
    first !== undefined &&
    inputs.every((members) => members.fixed === first.fixed) &&
    (first.fixed !== undefined || inputs.length === 1)
  ) {
    if (inputs.length === 1) return first;
  }
  const free = inputs.filter((members) => members.fixed === undefined);
  const bounded = operation.inputs.some((input) => bounds.has(input));
  const joined: Members = {
    values: free.flatMap((members) => members.values),
    sources: free.flatMap((members) => members.sources).filter((source) => !bounds.has(source)),
    rounded: [...free.flatMap((members) => members.rounded), ...operation.inputs.filter((input) => bounds.has(input))],
    fixed: first?.fixed !== undefined && inputs.every((members) => members.fixed === first.fixed) ? first.fixed : undefined,
  };
  for (const value of joined.values) groups.set(value, joined);
  // What enters from a fixed group is converted by the operation itself, so its output brings numbers of its own.
  if ((bounded || free.length < inputs.length) && joined.fixed === undefined) joined.sources.push(operation.output);
  return joined;
}

/**
 * Constants that only bound other values (`min(x, 20)`): one outside of what is seen needs no code, for the nearest
 * that there is bounds alike. So they widen no range.
 */
function boundValues(network: Network): ReadonlySet<ValueId> {
  const constants = new Set(network.operations.flatMap((operation) => (operation.kind === 'constant' ? [operation.output] : [])));
  for (const operation of network.operations) {
    const bounds = operation.kind === 'binary' && (operation.function === 'max' || operation.function === 'min');
    if (!bounds) for (const input of operation.inputs) constants.delete(input);
  }
  for (const output of network.outputs) constants.delete(output);
  return constants;
}

function averages(operation: Operation): boolean {
  return isAveragePool(operation) || (operation.kind === 'resize' && operation.interpolation === 'bilinear');
}

function isAveragePool(operation: Operation): boolean {
  return operation.kind === 'pool2d' && operation.function === 'average';
}

/** Values that only embeddings read, and the reshapes before them: row numbers, not quantities. */
function indexValues(network: Network): ReadonlySet<ValueId> {
  const indices = new Set(network.operations.flatMap((operation) => (operation.kind === 'embedding' ? operation.inputs : [])));
  for (const operation of [...network.operations].reverse()) {
    if (indices.has(operation.output) && factsOf(operation).integerScale(operation) === 'asInput')
      for (const input of operation.inputs) indices.add(input);
  }
  return indices;
}
