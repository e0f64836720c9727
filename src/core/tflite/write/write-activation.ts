import { EspalierError, unreachable } from '../../errors.ts';
import type { Activation } from '../../network/operations.ts';
import { fixedQuantization } from '../../quantize/fixed-quantization.ts';
import type { WriteContext } from './write-context.ts';

export function writeActivation(context: WriteContext, operation: Activation): void {
  const { graph, encoding } = context;
  const input = context.input(operation);
  switch (operation.function) {
    case 'relu':
      return graph.operator('RELU', [input], context.output(operation));
    case 'relu6':
      return graph.operator('RELU6', [input], context.output(operation));
    case 'sigmoid':
      return graph.operator('LOGISTIC', [input], context.output(operation));
    case 'tanh':
      return graph.operator('TANH', [input], context.output(operation));
    case 'softmax':
      return graph.operator('SOFTMAX', [input], context.output(operation), { beta: 1 });
    case 'leakyRelu':
      return graph.operator('LEAKY_RELU', [input], context.output(operation), { alpha: operation.alpha });
    case 'hardSwish':
      return graph.operator('HARD_SWISH', [input], context.output(operation));
    case 'gelu':
      return graph.operator('GELU', [input], context.output(operation), { approximate: operation.alpha === 1 });
    case 'elu':
      return operation.alpha === 1 ? graph.operator('ELU', [input], context.output(operation)) : writeScaledElu(context, operation, input);
    case 'swish': {
      const gate = context.inner(
        operation,
        'sigmoid',
        context.shapeOf(operation.output),
        encoding.inner(fixedQuantization('sigmoid', encoding.activationType ?? 'int8')),
      );
      graph.operator('LOGISTIC', [input], gate);
      return graph.operator('MUL', [input, gate], context.output(operation), { activation: 'none' });
    }
    default:
      return unreachable(operation.function);
  }
}

/** The operator ELU has alpha 1: `elu(x) = relu(x) + alpha * (elu1(x) - relu(x))`. */
function writeScaledElu(context: WriteContext, operation: Activation, input: number): void {
  const { graph, encoding } = context;
  if (encoding.activationType !== undefined) {
    throw new EspalierError('unsupported-model', `ELU with alpha ${operation.alpha} has no integer form`, {
      where: `layer "${operation.layer}"`,
      fix: 'use alpha 1, or write a float, float16 or dynamic-range file',
    });
  }
  const inner = (name: string): number =>
    context.inner(operation, name, context.shapeOf(operation.output), encoding.value(operation.output));
  const [elu, relu, below, scaled] = [inner('elu'), inner('relu'), inner('below'), inner('scaled')];
  graph.operator('ELU', [input], elu);
  graph.operator('RELU', [input], relu);
  graph.operator('SUB', [elu, relu], below, { activation: 'none' });
  graph.operator('MUL', [below, encoding.constant(`${operation.name}/alpha`, [1], Float32Array.of(operation.alpha))], scaled, {
    activation: 'none',
  });
  graph.operator('ADD', [relu, scaled], context.output(operation), { activation: 'none' });
}
