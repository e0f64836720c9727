import type { BuiltinOperator } from '../schema/builtin-operators.ts';
import type { OperatorOptions } from '../schema/operator-options.ts';
import type { TfliteTensor } from '../tflite-model.ts';

/** The lowest version of a built-in operator that knows these types and options: older runtimes then still load the file. */
export function operatorVersion(
  name: BuiltinOperator,
  inputs: readonly (TfliteTensor | undefined)[],
  output: TfliteTensor,
  options: OperatorOptions,
): number {
  const type = inputs[0]?.type;
  const byType = (int8: number, int16: number): number => (type === 'int16' ? int16 : type === 'int8' ? int8 : 1);
  switch (name) {
    case 'CONV_2D':
      if (inputs[1]?.type === 'int4') return 7;
      if (inputs[1]?.shape[3] !== inputs[0]?.shape[3]) return 6;
      return weightsOnly(inputs) ? (perChannel(inputs[1]) ? 5 : 2) : byType(3, 4);
    case 'DEPTHWISE_CONV_2D':
      if (weightsOnly(inputs)) return perChannel(inputs[1]) ? 6 : 4;
      return type === 'float32' && (options.dilationWidth !== 1 || options.dilationHeight !== 1) ? 2 : byType(3, 5);
    case 'FULLY_CONNECTED':
      if (inputs[1]?.type === 'int4') return perChannel(inputs[1]) ? 12 : 10;
      if (weightsOnly(inputs) && perChannel(inputs[1])) return 12;
      if (type === 'int16') return 7;
      if (weightsOnly(inputs) && options.asymmetricQuantizeInputs === true) return 9;
      if (options.keepDimensions === true) return 5;
      return weightsOnly(inputs) ? 3 : byType(4, 7);
    case 'TRANSPOSE_CONV':
      return inputs.length === 4 ? 3 : inputs[1]?.type === 'int8' ? 2 : 1;
    case 'ADD':
      return byType(2, 3);
    case 'SUB':
      return byType(2, 5);
    case 'MUL':
      return type === 'int8' && rescalesUp(inputs, output) ? 3 : byType(2, 4);
    case 'DIV':
      return broadcasts(inputs) && output.shape.length > 4 ? 2 : 1;
    case 'MAXIMUM':
    case 'MINIMUM':
      return type === 'int16' ? 4 : broadcasts(inputs) && output.shape.length > 4 ? 3 : byType(2, 4);
    case 'RESIZE_BILINEAR':
      return type === 'int16' ? 4 : options.halfPixelCenters === true ? 3 : byType(2, 4);
    case 'RESIZE_NEAREST_NEIGHBOR':
      return type === 'int16' ? 4 : options.halfPixelCenters === true || options.alignCorners === true ? 3 : byType(2, 4);
    case 'TRANSPOSE':
      return type !== 'int16' && (inputs[0]?.shape.length ?? 0) > 4 ? 4 : byType(2, 5);
    case 'PAD':
    case 'PADV2':
      return (inputs[0]?.shape.length ?? 0) > 4 ? 4 : byType(2, 3);
    case 'STRIDED_SLICE':
      return (inputs[0]?.shape.length ?? 0) > 4 ? 4 : byType(2, 1);
    case 'SLICE':
      return (inputs[0]?.shape.length ?? 0) > 4 ? 5 : byType(2, 4);
    case 'GATHER':
      return byType(2, 4);
    case 'DEQUANTIZE':
      return type === 'float16' || type === 'int16' ? 3 : type === 'int8' ? (perChannel(inputs[0]) ? 5 : 2) : 1;
    case 'QUANTIZE':
      return output.type === 'int16' ? 2 : 1;
    case 'LEAKY_RELU':
      return byType(1, 2);
    case 'EXP':
    case 'LOG':
    case 'SQRT':
      return byType(2, 2);
    case 'SUM':
    case 'LOG_SOFTMAX':
    case 'L2_NORMALIZATION':
    case 'DEPTH_TO_SPACE':
    case 'SPACE_TO_DEPTH':
      return byType(2, 1);
    case 'GELU':
      return byType(2, 2);
    case 'AVERAGE_POOL_2D':
    case 'MAX_POOL_2D':
    case 'CONCATENATION':
    case 'SOFTMAX':
    case 'LOGISTIC':
    case 'TANH':
    case 'MEAN':
    case 'REDUCE_MAX':
    case 'REDUCE_MIN':
    case 'ABS':
    case 'RSQRT':
    case 'BATCH_MATMUL':
    case 'RELU':
    case 'RELU6':
      return byType(2, 3);
    default:
      return 1;
  }
}

/** Float activations with integer weights: the dynamic-range kernels. */
function weightsOnly(inputs: readonly (TfliteTensor | undefined)[]): boolean {
  return inputs[0]?.type === 'float32' && inputs[1]?.type === 'int8';
}

function perChannel(tensor: TfliteTensor | undefined): boolean {
  return (tensor?.quantization?.scales.length ?? 0) > 1;
}

function broadcasts([a, b]: readonly (TfliteTensor | undefined)[]): boolean {
  return a?.shape.join() !== b?.shape.join();
}

function rescalesUp(inputs: readonly (TfliteTensor | undefined)[], output: TfliteTensor): boolean {
  const scale = (tensor: TfliteTensor | undefined): number => tensor?.quantization?.scales[0] ?? 0;
  return scale(inputs[0]) * scale(inputs[1]) >= scale(output);
}
