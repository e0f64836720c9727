import type * as TensorFlow from '@tensorflow/tfjs';
import { unreachable } from '../../errors.ts';
import type { Binary, Constant, Input, Instruction, MatMul, Reduce, Unary } from '../../program/instructions.ts';
import { conv2d, conv2dFilterGradient, convTranspose2d } from './convolutions.ts';
import { depthwiseConv2d, depthwiseConvTranspose2d, depthwiseFilterGradient } from './depthwise-convolutions.ts';
import { maxPool2d, maxPool2dGradient } from './pooling.ts';

/** One instruction by tfjs operations; `value` gives the tensors computed so far, by id. */
export function evaluateInstruction(
  tf: typeof TensorFlow,
  instruction: Exclude<Instruction, Input | Constant>,
  value: (id: number) => TensorFlow.Tensor,
): TensorFlow.Tensor {
  const shape = [...instruction.output.shape];
  switch (instruction.op) {
    case 'unary':
      return evaluateUnary(tf, instruction, value(instruction.x.id));
    case 'binary':
      return evaluateBinary(tf, instruction, value(instruction.a.id), value(instruction.b.id));
    case 'where':
      return tf.where(value(instruction.condition.id), value(instruction.a.id), value(instruction.b.id));
    case 'cast':
      return tf.cast(value(instruction.x.id), instruction.to);
    case 'reduce':
      return evaluateReduce(tf, instruction, value(instruction.x.id));
    case 'argReduce':
      return instruction.function === 'max'
        ? tf.argMax(value(instruction.x.id), instruction.axis)
        : tf.argMin(value(instruction.x.id), instruction.axis);
    case 'reshape':
      return tf.reshape(value(instruction.x.id), shape);
    case 'transpose':
      return tf.transpose(value(instruction.x.id), [...instruction.order]);
    case 'broadcastTo':
      return tf.broadcastTo(value(instruction.x.id), shape);
    case 'slice': {
      const { x, begin, size, strides } = instruction;
      const end = begin.map((first, axis) => first + ((size[axis] ?? 1) - 1) * (strides[axis] ?? 1) + 1);
      return x.shape.length === 0 ? tf.clone(value(x.id)) : tf.stridedSlice(value(x.id), [...begin], end, [...strides]);
    }
    case 'concat':
      return tf.concat(
        instruction.xs.map((x) => value(x.id)),
        instruction.axis,
      );
    case 'pad':
      return tf.pad(
        value(instruction.x.id),
        instruction.paddings.map(([before, after]): [number, number] => [before, after]),
        instruction.value,
      );
    case 'matmul':
      return evaluateMatMul(tf, instruction, value(instruction.a.id), value(instruction.b.id));
    case 'gather':
      return tf.gather(value(instruction.x.id), value(instruction.indices.id), instruction.axis);
    case 'scatterAdd':
      return tf.unsortedSegmentSum(
        value(instruction.updates.id),
        tf.tensor1d(value(instruction.indices.id).dataSync(), 'int32'),
        shape[0] ?? 0,
      );
    case 'conv2d':
      return conv2d(tf, value(instruction.x.id), value(instruction.filter.id), instruction, shape);
    case 'convTranspose2d':
      return convTranspose2d(tf, value(instruction.x.id), value(instruction.filter.id), instruction, shape);
    case 'conv2dFilterGradient':
      return conv2dFilterGradient(tf, value(instruction.x.id), value(instruction.g.id), instruction, shape);
    case 'depthwiseConv2d':
      return depthwiseConv2d(tf, value(instruction.x.id), value(instruction.filter.id), instruction, shape);
    case 'depthwiseConvTranspose2d':
      return depthwiseConvTranspose2d(tf, value(instruction.x.id), value(instruction.filter.id), instruction, shape);
    case 'depthwiseFilterGradient':
      return depthwiseFilterGradient(tf, value(instruction.x.id), value(instruction.g.id), instruction, shape);
    case 'maxPool2d':
      return maxPool2d(tf, value(instruction.x.id), instruction, shape);
    case 'maxPool2dGradient':
      return maxPool2dGradient(tf, value(instruction.x.id), value(instruction.g.id), instruction);
    case 'affineRows':
      return tf.add(tf.mul(value(instruction.x.id), column(tf, value(instruction.scale.id))), column(tf, value(instruction.offset.id)));
    case 'rowDot':
      return tf.sum(tf.mul(value(instruction.a.id), value(instruction.b.id)), 1);
    case 'rectifierGradient': {
      const y = value(instruction.y.id);
      const passes = tf.logicalAnd(tf.greater(y, 0), tf.less(y, instruction.ceiling ?? Number.POSITIVE_INFINITY));
      return tf.mul(value(instruction.g.id), tf.cast(passes, 'float32'));
    }
    case 'straightThrough':
    case 'stopGradient':
      return tf.clone(value(instruction.x.id));
    default:
      return unreachable(instruction);
  }
}

/** tfjs's own broadcasting of batches takes the wrong matrices when an axis other than the first is stretched. */
function evaluateMatMul(
  tf: typeof TensorFlow,
  { transposeA, transposeB, output }: MatMul,
  a: TensorFlow.Tensor,
  b: TensorFlow.Tensor,
): TensorFlow.Tensor {
  const batch = output.shape.slice(0, -2);
  return tf.matMul(
    tf.broadcastTo(a, [...batch, ...a.shape.slice(-2)]),
    tf.broadcastTo(b, [...batch, ...b.shape.slice(-2)]),
    transposeA,
    transposeB,
  );
}

function column(tf: typeof TensorFlow, x: TensorFlow.Tensor): TensorFlow.Tensor {
  return tf.reshape(x, [x.size, 1]);
}

function evaluateUnary(tf: typeof TensorFlow, { function: name }: Unary, x: TensorFlow.Tensor): TensorFlow.Tensor {
  return name === 'not' ? tf.logicalNot(x) : tf[name](x);
}

function evaluateBinary(tf: typeof TensorFlow, { function: name }: Binary, a: TensorFlow.Tensor, b: TensorFlow.Tensor): TensorFlow.Tensor {
  switch (name) {
    case 'max':
      return tf.maximum(a, b);
    case 'min':
      return tf.minimum(a, b);
    case 'and':
      return tf.logicalAnd(a, b);
    case 'or':
      return tf.logicalOr(a, b);
    default:
      return tf[name](a, b);
  }
}

function evaluateReduce(tf: typeof TensorFlow, { function: name, axes, keepDimensions }: Reduce, x: TensorFlow.Tensor): TensorFlow.Tensor {
  return axes.length === 0 ? tf.clone(x) : tf[name](x, [...axes], keepDimensions);
}
