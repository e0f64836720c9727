import { storedValues } from '../../tflite/tensor-values.ts';
import type { TfliteTensor } from '../../tflite/tflite-model.ts';
import { numberOption, type GraphOperator } from '../graph-operators.ts';
import type { FeatureMaps } from './feature-maps.ts';
import { hasSameScale } from './npu-support.ts';

/** Paddings that the next operator does by itself: index of the padded tensor by index of the padding's output. */
export function fusedPads(operators: readonly GraphOperator[], maps: FeatureMaps): ReadonlyMap<number, number> {
  return new Map(
    operators.flatMap((pad): [number, number][] => {
      const [output = -1] = pad.source.outputs;
      const [input = -1] = pad.source.inputs;
      const consumers = maps.consumersOf(output);
      const isFused =
        pad.kind === 'PAD' && consumers.length > 0 && !maps.isInterface(output) && hasSameScale(pad.inputs[0], pad.outputs[0]);
      return isFused && consumers.every((consumer) => operators.includes(consumer) && canPad(consumer, pad)) ? [[output, input]] : [];
    }),
  );
}

function canPad(consumer: GraphOperator, pad: GraphOperator): boolean {
  if (consumer.kind !== 'CONV_2D' && consumer.kind !== 'DEPTHWISE_CONV_2D') return false;
  if (consumer.options['padding'] !== 'valid') return false;
  const sizes = pad.inputs[1];
  const kernel = consumer.inputs[1];
  if (sizes?.data === undefined || kernel === undefined) return false;
  const [top = 0, bottom = 0, left = 0, right = 0] = imagePadding(sizes);
  const reach = (axis: number, dilation: string): number => ((kernel.shape[axis] ?? 1) - 1) * numberOption(consumer, dilation, 1) + 1;
  return (
    fits([top, bottom], reach(1, 'dilationHeight'), numberOption(consumer, 'strideHeight', 1)) &&
    fits([left, right], reach(2, 'dilationWidth'), numberOption(consumer, 'strideWidth', 1))
  );
}

/** Rows before and after, columns before and after; the last row of `sizes` is that of the channels. */
export function imagePadding(sizes: TfliteTensor): readonly number[] {
  const values = [...storedValues(sizes)];
  return values.slice(values.length - 6, values.length - 2);
}

/** At most half of the kernel, and before the image a whole number of strides where the kernel is much larger than those. */
function fits([before = 0, after = 0]: readonly number[], kernel: number, stride: number): boolean {
  const half = Math.floor(kernel / 2);
  return before <= half && after <= half && (before === half || half <= stride || before % stride === 0);
}
