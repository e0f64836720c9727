/** Operations with a kernel that can be pruned, clustered and quantized. */
import type { ParameterId, Shape } from '../network.ts';
import type { Conv2d, Dense, DepthwiseConv2d, TransposeConv2d } from '../operations.ts';
import type { KernelOperation } from '../kernel-operations.ts';
import { elementCount } from '../shapes/shape.ts';
import { transposedOutput, windowExtent, windowOutput } from '../shapes/window.ts';
import { type IntegerScale, type OperationFacts, type OperationShapes, strideDetails } from './operation-facts.ts';

const kernel = {
  inputs: 1,
  channels: 'mixed',
  parameters: (operation: KernelOperation): readonly ParameterId[] =>
    operation.bias === undefined ? [operation.kernel] : [operation.kernel, operation.bias],
  integerScale: (): IntegerScale => 'own',
} as const;

/** `3x3, stride 2, dilation 2x2, same, relu` */
function windowDetails(operation: Conv2d | DepthwiseConv2d | TransposeConv2d, shapes: OperationShapes): string {
  const [, height, width] = shapes.parameter(operation.kernel).shape;
  return [
    `${height}x${width}`,
    ...('groups' in operation && operation.groups !== 1 ? [`${operation.groups} groups`] : []),
    ...strideDetails(operation.strides),
    ...('dilations' in operation && operation.dilations.some((n) => n !== 1) ? [`dilation ${operation.dilations.join('x')}`] : []),
    operation.padding,
    ...(operation.activation === 'none' ? [] : [operation.activation]),
  ].join(', ');
}

const conv2d: OperationFacts<Conv2d> = {
  ...kernel,
  shape(operation, checks) {
    const [h, w, c] = checks.image();
    const { groups } = operation;
    if (!Number.isSafeInteger(groups) || groups < 1 || c % groups !== 0) checks.fail(`${c} channels do not divide into ${groups} groups`);
    const [out = 0, kh = 0, kw = 0] = checks.parameter(operation.kernel, 'kernel', [undefined, undefined, undefined, c / groups]);
    if (out % groups !== 0) checks.fail(`${out} filters do not divide into ${groups} groups`);
    checks.bias(operation.bias, out);
    return [...windowOutput([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding, checks.where), out];
  },
  details: windowDetails,
  multiplyAdds: (operation, shapes) => elementCount(shapes.output) * filterElements(shapes.parameter(operation.kernel).shape),
};

const depthwiseConv2d: OperationFacts<DepthwiseConv2d> = {
  ...kernel,
  shape(operation, checks) {
    const [h, w, c] = checks.image();
    const channels = c * operation.multiplier;
    const [, kh = 0, kw = 0] = checks.parameter(operation.kernel, 'kernel', [1, undefined, undefined, channels]);
    checks.bias(operation.bias, channels);
    return [...windowOutput([h, w], [kh, kw], operation.strides, operation.dilations, operation.padding, checks.where), channels];
  },
  details: windowDetails,
  multiplyAdds: (operation, shapes) => {
    const [, kh = 0, kw = 0] = shapes.parameter(operation.kernel).shape;
    return elementCount(shapes.output) * kh * kw;
  },
};

const transposeConv2d: OperationFacts<TransposeConv2d> = {
  ...kernel,
  shape(operation, checks) {
    const [h, w, c] = checks.image();
    const { strides, padding, outputSize } = operation;
    const [out = 0, kh = 0, kw = 0] = checks.parameter(operation.kernel, 'kernel', [undefined, undefined, undefined, c]);
    checks.bias(operation.bias, out);
    windowOutput([kh, kw], [kh, kw], strides, [1, 1], 'same', checks.where);
    const leadsBack = ([0, 1] as const).every(
      (axis) => windowExtent(outputSize[axis], [kh, kw][axis] ?? 1, strides[axis], 1, padding).output === [h, w][axis],
    );
    if (!leadsBack) {
      const ordinary = transposedOutput([h, w], [kh, kw], strides, padding);
      checks.fail(`cannot give ${outputSize.join('x')} from ${h}x${w}: without output padding it gives ${ordinary.join('x')}`);
    }
    return [...outputSize, out];
  },
  details: windowDetails,
  multiplyAdds: (operation, shapes) => {
    const [out = 0, kh = 0, kw = 0] = shapes.parameter(operation.kernel).shape;
    return elementCount(shapes.inputs[0] ?? []) * out * kh * kw;
  },
};

const dense: OperationFacts<Dense> = {
  ...kernel,
  shape(operation, checks) {
    const [out = 0] = checks.parameter(operation.kernel, 'kernel', [undefined, checks.input.at(-1) ?? 0]);
    checks.bias(operation.bias, out);
    return [...checks.input.slice(0, -1), out];
  },
  details: ({ activation }) => (activation === 'none' ? '' : activation),
  multiplyAdds: (operation, shapes) => elementCount(shapes.output) * filterElements(shapes.parameter(operation.kernel).shape),
};

function filterElements(kernelShape: Shape): number {
  return elementCount(kernelShape.slice(1));
}

export const kernelKinds = { conv2d, depthwiseConv2d, transposeConv2d, dense };
