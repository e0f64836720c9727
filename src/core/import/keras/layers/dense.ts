import { EspalierError } from '../../../errors.ts';
import type { Parameter } from '../../../network/network.ts';
import { transpose } from '../../tensor-layouts.ts';
import { inputRank, type LayerContext, type LayerConverters, onlyInput, unsupported, weights } from '../layer-converter.ts';
import { applyActivation, fusedActivation } from './activations.ts';

function dense(context: LayerContext): string {
  const { builder, layer, config } = context;
  const bias = config.boolean('use_bias', true);
  const [kernelTensor, biasTensor] = weights(context, bias ? ['kernel', 'bias'] : ['kernel']);
  if (kernelTensor === undefined) return unsupported(context, 'has no kernel');
  const kernel = context.once('kernel', (): Parameter => {
    const [input = 0, output = 0] = kernelTensor.shape;
    if (kernelTensor.shape.length !== 2)
      throw new EspalierError('invalid-model', `its kernel has shape [${kernelTensor.shape.join(', ')}], expected two axes`, {
        where: config.where,
      });
    return { shape: [output, input], data: transpose(kernelTensor.read(), [input, output], [1, 0]) };
  });
  const activation = fusedActivation(config.raw('activation'));
  const output = builder.dense(layer, onlyInput(context), {
    kernel,
    activation: activation.fused,
    bias: biasTensor === undefined ? undefined : context.once('bias', () => ({ shape: biasTensor.shape, data: biasTensor.read() })),
  });
  return applyActivation(context, output, activation.rest);
}

/** Keras's table is `[rows, width]` as ours. */
function embedding(context: LayerContext): string {
  inputRank(context, 1);
  const [table] = weights(context, ['embeddings']);
  if (table === undefined) return unsupported(context, 'has no table');
  return context.builder.embedding(
    context.layer,
    onlyInput(context),
    context.once('table', () => ({ shape: table.shape, data: table.read() })),
  );
}

export const denseLayers: LayerConverters = { Dense: dense, Embedding: embedding };
