/**
 * Recurrent layers over a fixed number of steps, unrolled: each step is computed by operations of its own with the same
 * kernels. So they are trained, pruned, clustered and quantized as all other layers are.
 */
import { EspalierError } from '../../../errors.ts';
import { arithmetic, scaled } from '../../../network/compositions.ts';
import { selected, split } from '../../../network/selection.ts';
import type { Parameter, ValueId } from '../../../network/network.ts';
import {
  gatedRecurrentStep,
  longShortTermStep,
  mostSteps,
  simpleStep,
  type RecurrentCell,
  type RecurrentStep,
} from '../../../network/recurrent-cells.ts';
import type { Json } from '../../json.ts';
import { transpose } from '../../tensor-layouts.ts';
import { lastComponent, type WeightTensor } from '../../weights.ts';
import {
  inputRank,
  type LayerContext,
  type LayerConverter,
  type LayerConverters,
  onlyInput,
  unsupported,
  weights,
} from '../layer-converter.ts';
import { applyActivation } from './activations.ts';
import { wrappedLayer } from './wrappers.ts';

interface Kernels {
  /** `[gates * units, in]` and `[gates * units, units]`: Keras's, transposed. */
  readonly input: Parameter;
  readonly recurrent: Parameter;
  readonly inputBias: Parameter | undefined;
  readonly recurrentBias: Parameter | undefined;
  readonly units: number;
}

function kernelsOf(context: LayerContext, gates: number): Kernels {
  const hasBias = context.config.boolean('use_bias', true);
  const [kernel, recurrent, bias] = weights(context, ['kernel', 'recurrent_kernel', ...(hasBias ? ['bias'] : [])]);
  if (kernel === undefined || recurrent === undefined) return unsupported(context, 'has no kernels');
  const units = recurrent.shape[0] ?? 0;
  const outputs = gates * units;
  if (kernel.shape[1] !== outputs || recurrent.shape[1] !== outputs)
    throw new EspalierError(
      'invalid-model',
      `its kernels [${kernel.shape.join(', ')}] and [${recurrent.shape.join(', ')}] are not those of ${gates} gates of ${units} units`,
      {
        where: context.config.where,
      },
    );
  const turned = (what: string, tensor: WeightTensor): Parameter =>
    context.once(what, () => {
      const [rows = 0, columns = 0] = tensor.shape;
      return { shape: [columns, rows], data: transpose(tensor.read(), [rows, columns], [1, 0]) };
    });
  // GRUs of Keras 2.3 and later have a bias for each of the two products.
  const isPair = bias?.shape.length === 2;
  const biasRow = (what: string, index: number): Parameter | undefined =>
    bias === undefined
      ? undefined
      : context.once(what, () => ({ shape: [outputs], data: bias.read().slice(index * outputs, (index + 1) * outputs) }));
  return {
    input: turned('kernel', kernel),
    recurrent: turned('recurrent_kernel', recurrent),
    inputBias: biasRow('bias', 0),
    recurrentBias: isPair ? biasRow('recurrent_bias', 1) : undefined,
    units,
  };
}

/** The default of older Keras is named in the file too, so these are those of Keras 3. */
const activate = (context: LayerContext, value: ValueId, key: 'activation' | 'recurrent_activation'): ValueId =>
  applyActivation(context, value, activationOf(context, key));

function activationOf({ config }: LayerContext, key: 'activation' | 'recurrent_activation'): Json {
  return config.raw(key) ?? (key === 'activation' ? 'tanh' : 'sigmoid');
}

function cellOf(context: LayerContext, { recurrent, recurrentBias, units }: Kernels): RecurrentCell {
  const { builder, layer, config } = context;
  const candidate = (value: ValueId): ValueId => activate(context, value, 'activation');
  return {
    builder,
    layer,
    units,
    recurrent,
    recurrentBias,
    resetAfter: config.boolean('reset_after', false),
    gate: (value) => activate(context, value, 'recurrent_activation'),
    candidate,
    output: candidate,
    rows: (from, to) =>
      context.once(`recurrent_rows_${from}`, () => ({ shape: [to - from, units], data: recurrent.data.slice(from * units, to * units) })),
  };
}

const recurrentLayer =
  (gates: number, step: RecurrentStep): LayerConverter =>
  (context) => {
    const { builder, layer, config } = context;
    const [steps = 0] = inputRank(context, 2);
    if (config.boolean('stateful', false)) context.warn(`layer "${layer}" is stateful: here each sequence begins with a state of zeros`);
    if (steps > mostSteps)
      return unsupported(
        context,
        `${steps} steps are not supported: the layer is unrolled, up to ${mostSteps} steps`,
        'use shorter sequences, or Conv1D layers',
      );
    const kernels = kernelsOf(context, gates);
    const cell = cellOf(context, kernels);
    // One product for all steps.
    const projected = builder.dense(layer, onlyInput(context), { kernel: kernels.input, bias: kernels.inputBias });
    const each = split(builder, layer, projected, 0, new Array<number>(steps).fill(1)).map((row) => builder.flatten(layer, row));
    const outputs: ValueId[] = [];
    let state: readonly ValueId[] = [];
    for (const inputs of config.boolean('go_backwards', false) ? each.toReversed() : each) {
      state = step(cell, inputs, state);
      outputs.push(state[0] ?? '');
    }
    const rows = (): ValueId =>
      builder.concat(
        layer,
        outputs.map((output) => builder.reshape(layer, output, [1, kernels.units])),
        0,
      );
    const result = config.boolean('return_sequences', false) ? rows() : (outputs.at(-1) ?? '');
    if (!config.boolean('return_state', false)) return result;
    // Each is a value of its own, since each may be an output of the model.
    return [result, ...state.map((last) => builder.reshape(layer, last, [kernels.units]))];
  };

/** The layer over the steps in both directions; sequences of the second come back in the order of the first. */
function bidirectional(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const input = onlyInput(context);
  const forward = wrappedLayer(context);
  if (forward.config['return_state'] === true || forward.config['return_state'] === 1)
    return unsupported(context, 'states of both directions as outputs are not supported', 'set return_state=False');
  const backward = config.has('backward_layer') ? wrappedLayer(context, 'backward_layer') : forward;
  const sequences = forward.config['return_sequences'] === true || forward.config['return_sequences'] === 1;
  const [first, second] = directions(context);
  const ahead = context.inner({ ...forward, inputs: [input], tensors: first, name: 'forward' });
  const backwards = context.inner({
    className: backward.className,
    config: { ...backward.config, go_backwards: !config.has('backward_layer') || backward.config['go_backwards'] !== false },
    inputs: [input],
    tensors: second,
    name: 'backward',
  });
  const [steps = 1] = builder.shapeOf(backwards);
  const behind = sequences
    ? selected(
        builder,
        layer,
        backwards,
        0,
        Array.from({ length: steps }, (_, i) => steps - 1 - i),
      )
    : backwards;
  const merge = config.raw('merge_mode');
  switch (merge === undefined ? 'concat' : merge) {
    case 'concat':
      return builder.concat(layer, [ahead, behind], builder.shapeOf(ahead).length - 1);
    case 'sum':
      return arithmetic(builder, layer, 'add', ahead, behind);
    case 'mul':
      return arithmetic(builder, layer, 'mul', ahead, behind);
    case 'ave':
      return scaled(builder, layer, arithmetic(builder, layer, 'add', ahead, behind), 'average', 0.5);
    default:
      return unsupported(context, `merge_mode ${JSON.stringify(merge)} is not supported`, 'use "concat", "sum", "mul" or "ave"');
  }
}

/** Weights of the two directions: by the name of the part, or the first and the second half. */
function directions({ tensors }: LayerContext): readonly [readonly WeightTensor[], readonly WeightTensor[]] {
  const of = (direction: string): readonly WeightTensor[] =>
    tensors
      .filter(({ name }) => name.split('/').some((component) => component.startsWith(direction)))
      .map((tensor) => ({ ...tensor, name: lastComponent(tensor.name) }));
  const [forward, backward] = [of('forward'), of('backward')];
  if (forward.length > 0 && backward.length > 0) return [forward, backward];
  return [tensors.slice(0, tensors.length / 2), tensors.slice(tensors.length / 2)];
}

export const recurrentLayers: LayerConverters = {
  SimpleRNN: recurrentLayer(1, simpleStep),
  LSTM: recurrentLayer(4, longShortTermStep),
  GRU: recurrentLayer(3, gatedRecurrentStep),
  Bidirectional: bidirectional,
};
