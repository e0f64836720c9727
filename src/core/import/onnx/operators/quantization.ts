/** Models that were quantized in ONNX keep float operators between pairs of QuantizeLinear and DequantizeLinear. */
import { integerRanges } from '../integer-ranges.ts';
import type { NodeContext, NodeConverter } from '../node-context.ts';
import { refuse } from '../refusal.ts';
import type { ComputedValue } from '../value.ts';

/** The value goes on in float; its range is kept for a later quantization. */
function quantize(context: NodeContext): ComputedValue {
  const value = context.input(0);
  const scale = context.required(1, 'a scale').data;
  const zero = context.constant(2, 'a zero point');
  const range = integerRanges[zero?.type ?? 'uint8'];
  if (scale.length === 1 && range !== undefined) {
    const [step = 1] = scale;
    const offset = zero?.data[0] ?? 0;
    context.layout.ranges.set(value.id, { minimum: (range[0] - offset) * step, maximum: (range[1] - offset) * step });
  }
  return { ...value, element: 'quantized' };
}

/** The float that quantization left as it was, or integers that the model takes as its input. */
function dequantize(context: NodeContext): ComputedValue {
  const value = context.input(0);
  if (value.element !== 'integer') return { ...value, element: 'float' };
  const scale = context.required(1, 'a scale').data;
  const zero = context.constant(2, 'a zero point')?.data ?? [0];
  if (scale.length !== 1) refuse('of integers with a scale for each channel is not supported');
  const [step = 1] = scale;
  const id = context.builder.rescale(context.layer, value.id, Float32Array.of(step), Float32Array.of(-step * (zero[0] ?? 0)));
  return { ...value, id, element: 'float' };
}

export const quantizationOperators: Readonly<Record<string, NodeConverter>> = {
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
