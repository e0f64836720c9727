/** Operators with weights as products of the NPU. */
import { elementCount } from '../../tflite/tflite-model.ts';
import { convolutionGeometry } from '../convolution-geometry.ts';
import { numberOption, requiredInput, type GraphOperator } from '../graph-operators.ts';
import { convolutionWeights, denseWeights, depthwiseWeights, turnedWeights } from './kernel-weights.ts';
import { pointKernel } from './npu-operation.ts';
import { plainOperation, type NpuProgramBuilder } from './npu-program.ts';
import { foldStride, kernelOf } from './strided-convolution.ts';

export function lowerConvolution(operator: GraphOperator, program: NpuProgramBuilder): void {
  const geometry = convolutionGeometry(operator);
  const kernel = requiredInput(operator, 1);
  const input = program.maps.of(program.input(operator, 0));
  const output = program.maps.of(program.output(operator));
  const weights = convolutionWeights(kernel);
  const isPoint = kernel.shape[1] === 1 && kernel.shape[2] === 1 && input.shape.height === 1 && input.shape.width === 1;
  const groups = Math.max(1, Math.floor(geometry.input.channels / geometry.filter.channels));
  const work = foldStride(
    { input: input.shape, kernel: kernelOf(geometry), weights },
    operator.index === 0,
    operator.options['padding'] !== 'valid',
  );
  for (let group = 0; group < groups; group++) {
    const outputs = Math.floor(work.weights.outputs / groups);
    program.emit(
      {
        ...plainOperation(operator),
        kind: isPoint ? 'vectorProduct' : 'convolution',
        input: { ...input, shape: { ...work.input, depth: work.input.depth / groups } },
        output: { ...output, shape: { ...output.shape, depth: outputs } },
        kernel: work.kernel,
        weights: {
          volume: { ...work.weights, outputs, at: (o, y, x, i) => work.weights.at(group * outputs + o, y, x, i) },
          tensor: groups === 1 ? operator.source.inputs[1] : undefined,
        },
      },
      program.output(operator),
    );
  }
}

export function lowerDepthwise(operator: GraphOperator, program: NpuProgramBuilder): void {
  const geometry = convolutionGeometry(operator);
  const volume = depthwiseWeights(requiredInput(operator, 1));
  const input = program.maps.of(program.input(operator, 0));
  program.emit(
    {
      ...plainOperation(operator),
      // Many outputs of one channel are a plain convolution.
      kind: input.shape.depth === 1 && volume.outputs > 1 ? 'convolution' : 'depthwise',
      input,
      output: program.maps.of(program.output(operator)),
      kernel: kernelOf(geometry),
      weights: { volume, tensor: operator.source.inputs[1] },
    },
    program.output(operator),
  );
}

export function lowerTransposedConvolution(operator: GraphOperator, program: NpuProgramBuilder): void {
  const volume = turnedWeights(requiredInput(operator, 1));
  program.emit(
    {
      ...plainOperation(operator),
      kind: 'convolution',
      input: program.maps.of(program.input(operator, 2)),
      output: program.maps.of(program.output(operator)),
      kernel: { ...pointKernel, height: volume.height, width: volume.width },
      weights: { volume, tensor: operator.source.inputs[1] },
      isUpscaled: numberOption(operator, 'strideWidth', 1) > 1,
    },
    program.output(operator),
  );
}

/** Rows of a batch lie beside each other as in an image. */
const batchImages: Readonly<Record<number, readonly [number, number]>> = { 4: [2, 2], 8: [2, 4], 16: [4, 4] };

export function lowerDense(operator: GraphOperator, program: NpuProgramBuilder): void {
  const volume = denseWeights(requiredInput(operator, 1));
  const rows = Math.max(1, Math.floor(elementCount(requiredInput(operator, 0).shape) / volume.inputs));
  const [height, width] = batchImages[rows] ?? [1, rows];
  program.emit(
    {
      ...plainOperation(operator),
      kind: 'vectorProduct',
      input: program.maps.of(program.input(operator, 0), { height, width, depth: volume.inputs }),
      output: program.maps.of(program.output(operator), { height, width, depth: volume.outputs }),
      weights: { volume, tensor: operator.source.inputs[1] },
    },
    program.output(operator),
  );
}
