import type { TfliteOperator } from '../tflite-model.ts';

/** The TensorFlow release that first ran a version of an operator, where that is later than 1.14, which has all others. */
const releases: Readonly<Record<string, string>> = {
  'AVERAGE_POOL_2D 3': '2.3.0',
  'MAX_POOL_2D 3': '2.3.0',
  'CONV_2D 4': '2.3.0',
  'CONV_2D 5': '2.4.0',
  'CONV_2D 6': '2.9.0',
  'DEPTHWISE_CONV_2D 4': '2.2.0',
  'DEPTHWISE_CONV_2D 5': '2.3.0',
  'DEPTHWISE_CONV_2D 6': '2.3.0',
  'ADD 3': '2.4.0',
  'SUB 5': '2.4.0',
  'MUL 3': '1.15.0',
  'MUL 4': '2.3.0',
  'CONCATENATION 3': '2.3.0',
  'FULLY_CONNECTED 5': '2.0.0',
  'FULLY_CONNECTED 7': '2.3.0',
  'FULLY_CONNECTED 9': '2.3.0',
  'FULLY_CONNECTED 12': '2.17.0',
  'DIV 2': '2.3.0',
  'MAXIMUM 3': '2.3.0',
  'MAXIMUM 4': '2.3.0',
  'MINIMUM 3': '2.3.0',
  'MINIMUM 4': '2.3.0',
  'SUM 2': '1.15.0',
  'REDUCE_MIN 3': '2.5.0',
  'BATCH_MATMUL 1': '2.3.0',
  'BATCH_MATMUL 2': '2.3.0',
  'BATCH_MATMUL 3': '2.4.0',
  'ABS 2': '2.4.0',
  'ABS 3': '2.5.0',
  'EXP 2': '2.12.0',
  'LOG 2': '2.15.0',
  'SQRT 2': '2.21.0',
  'RSQRT 2': '2.5.0',
  'RSQRT 3': '2.15.0',
  'DEPTH_TO_SPACE 1': '2.1.0',
  'DEPTH_TO_SPACE 2': '2.5.0',
  'STRIDED_SLICE 4': '2.2.0',
  'GATHER 4': '2.4.0',
  'PAD 3': '2.4.0',
  'PAD 4': '2.6.0',
  'PADV2 3': '2.4.0',
  'PADV2 4': '2.6.0',
  'SOFTMAX 3': '2.3.0',
  'TRANSPOSE 4': '2.3.0',
  'TRANSPOSE 5': '2.4.0',
  'TRANSPOSE_CONV 2': '2.2.0',
  'TRANSPOSE_CONV 3': '2.3.0',
  'MEAN 3': '2.4.0',
  'REDUCE_MAX 3': '2.5.0',
  'RELU 2': '2.1.0',
  'RELU 3': '2.5.0',
  'RELU6 3': '2.5.0',
  'RESIZE_BILINEAR 3': '2.2.0',
  'RESIZE_BILINEAR 4': '2.5.0',
  'RESIZE_NEAREST_NEIGHBOR 3': '2.3.0',
  'RESIZE_NEAREST_NEIGHBOR 4': '2.4.0',
  'SLICE 4': '2.4.0',
  'SLICE 5': '2.5.0',
  'TANH 3': '2.3.0',
  'LOGISTIC 3': '2.3.0',
  'LEAKY_RELU 2': '2.3.0',
  'DEQUANTIZE 3': '1.15.0',
  'DEQUANTIZE 5': '2.7.0',
  'QUANTIZE 2': '1.15.0',
  'HARD_SWISH 1': '1.15.0',
  'GELU 1': '2.9.0',
  'GELU 2': '2.9.0',
};

/** What the `min_runtime_version` metadata of a file with these operators says. */
export function minimumRuntimeVersion(operators: readonly TfliteOperator[]): string {
  const newer = operators.map(({ name, version }) => releases[`${name} ${version}`] ?? '1.14.0');
  return newer.reduce((latest, release) => (compare(release, latest) > 0 ? release : latest), '1.14.0');
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((version) => version.split('.').map(Number));
  const difference = left?.map((part, i) => part - (right?.[i] ?? 0)).find((part) => part !== 0);
  return difference ?? 0;
}
