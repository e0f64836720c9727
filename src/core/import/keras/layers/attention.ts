/** Vaswani et al. 2017, arXiv:1706.03762, as the products and softmax that it consists of. */
import { EspalierError } from '../../../errors.ts';
import type { Parameter, ValueId } from '../../../network/network.ts';
import { transpose } from '../../tensor-layouts.ts';
import type { WeightTensor } from '../../weights.ts';
import { type LayerContext, type LayerConverters, unsupported } from '../layer-converter.ts';
import { scale } from './activations.ts';

/** Query, value and key: the key is the value unless there is a third one. */
function queryValueKey(context: LayerContext): readonly [ValueId, ValueId, ValueId] {
  const [query, value, third] = context.inputs;
  if (query === undefined || value === undefined)
    throw new EspalierError('invalid-model', `takes a query and a value, got ${context.inputs.length} inputs`, {
      where: context.config.where,
    });
  const masks = context.tensorKeywords.filter((name) => name.includes('mask'));
  if (masks.length > 0 || context.keywords['use_causal_mask'] === true)
    return unsupported(context, 'attention with a mask is not supported', 'export the model without masks, for sequences of full length');
  if (context.keywords['return_attention_scores'] === true)
    return unsupported(context, 'attention scores as an output are not supported', 'leave return_attention_scores at its default');
  return [query, value, third ?? value];
}

/** `softmax(query key^T) value`, each `[..., steps, width]`. */
function attend({ builder, layer }: LayerContext, query: ValueId, key: ValueId, value: ValueId): ValueId {
  const scores = builder.batchMatmul(layer, query, key, { transposeB: true });
  return builder.batchMatmul(layer, builder.activation(layer, scores, 'softmax'), value);
}

/** Luong et al. 2015, arXiv:1508.04025: without projections. */
function attention(context: LayerContext): ValueId {
  const [query, value, key] = queryValueKey(context);
  const { config, tensors } = context;
  if (config.string('score_mode', 'dot') !== 'dot')
    return unsupported(context, 'only score_mode "dot" is supported', 'use score_mode="dot"');
  const factor = config.boolean('use_scale', false) ? (tensors[0]?.read()[0] ?? 1) : 1;
  return attend(context, factor === 1 ? query : scale(context, query, 'scale', factor, 0), key, value);
}

/** One projection: kernel `[in, heads, width]`, bias `[heads, width]`; for the output `[heads, width, out]`, `[out]`. */
interface Projection {
  readonly kernel: Parameter;
  readonly bias: Parameter | undefined;
  readonly heads: number;
  readonly width: number;
}

const parts = {
  query: ['query', '_query_dense', 'query_dense'],
  key: ['key', '_key_dense', 'key_dense'],
  value: ['value', '_value_dense', 'value_dense'],
  output: ['attention_output', '_output_dense', 'output_dense'],
} as const;

function projection(context: LayerContext, part: keyof typeof parts): Projection {
  const own = context.tensors.filter(({ name }) => name.split('/').some((component) => parts[part].some((known) => known === component)));
  const kernel = own.find(({ shape }) => shape.length === 3);
  if (kernel === undefined)
    throw new EspalierError('invalid-model', `has no kernel for its ${part}`, {
      where: context.config.where,
      fix: 'save the model again with its weights (model.save)',
    });
  const bias = own.find((tensor) => tensor !== kernel);
  const [a = 1, b = 1, c = 1] = kernel.shape;
  const isOutput = part === 'output';
  const [inputs, outputs] = isOutput ? [a * b, c] : [a, b * c];
  const read = ({ read: all }: WeightTensor): Float32Array => all();
  return {
    kernel: context.once(`${part}/kernel`, () => ({ shape: [outputs, inputs], data: transpose(read(kernel), [inputs, outputs], [1, 0]) })),
    bias: bias === undefined ? undefined : context.once(`${part}/bias`, () => ({ shape: [outputs], data: read(bias) })),
    heads: isOutput ? a : b,
    width: isOutput ? b : c,
  };
}

function multiHeadAttention(context: LayerContext): ValueId {
  const { builder, layer, config } = context;
  const [query, value, key] = queryValueKey(context);
  if (config.has('attention_axes') && config.numbers('attention_axes').join() !== '1')
    return unsupported(context, 'attention over other axes than the first is not supported', 'leave attention_axes at its default');
  const perHead = (input: ValueId, part: 'query' | 'key' | 'value'): ValueId => {
    const [steps = 0, ...more] = builder.shapeOf(input);
    if (more.length !== 1) return unsupported(context, 'it expects sequences [steps, features]', 'reshape its inputs');
    const { kernel, bias, heads, width } = projection(context, part);
    const projected = builder.dense(`${layer}/${part}`, input, { kernel, bias });
    return builder.permute(layer, builder.reshape(layer, projected, [steps, heads, width]), [1, 0, 2]);
  };
  const queries = perHead(query, 'query');
  const width = builder.shapeOf(queries).at(-1) ?? 1;
  const mixed = attend(context, scale(context, queries, 'scale', 1 / Math.sqrt(width), 0), perHead(key, 'key'), perHead(value, 'value'));
  const [heads = 1, steps = 1, valueWidth = 1] = builder.shapeOf(mixed);
  const joined = builder.reshape(layer, builder.permute(layer, mixed, [1, 0, 2]), [steps, heads * valueWidth]);
  const { kernel, bias } = projection(context, 'output');
  return builder.dense(`${layer}/output`, joined, { kernel, bias });
}

export const attentionLayers: LayerConverters = {
  Attention: attention,
  MultiHeadAttention: multiHeadAttention,
};
