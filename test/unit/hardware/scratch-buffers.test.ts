import { describe, expect, it } from 'vitest';
import { scratchBuffers } from '../../../src/core/hardware/arena/scratch-buffers.ts';
import { graphOperators } from '../../../src/core/hardware/graph-operators.ts';
import type { KernelLibrary } from '../../../src/shared/hardware.ts';
import { graph, operator, tensor } from './tflite-graph.ts';

function scratch(kernels: KernelLibrary, kind: string, shapes: readonly (readonly number[])[], options = {}): readonly number[] {
  const tensors = shapes.map((shape, i) => tensor(`t${i}`, shape));
  const inputs = shapes.slice(0, -1).map((_, i) => i);
  const [first] = graphOperators(
    graph({ tensors, inputs: [0], outputs: [shapes.length - 1], operators: [operator(kind, inputs, [shapes.length - 1], options)] }),
  );
  return scratchBuffers(first!, kernels);
}

describe('scratch buffers, by the rules of TFLite Micro and CMSIS-NN', () => {
  const convolution = [
    [1, 8, 8, 3],
    [16, 3, 3, 3],
    [1, 8, 8, 16],
  ];

  it('a convolution copies two columns of 27 as int16, rounded up to 28, or four of 32 bytes with MVE', () => {
    expect(scratch('reference', 'CONV_2D', convolution)).toEqual([]);
    expect(scratch('cmsis-nn-dsp', 'CONV_2D', convolution)).toEqual([2 * 28 * 2]);
    expect(scratch('cmsis-nn-mve', 'CONV_2D', convolution)).toEqual([4 * 32]);
  });

  it('a pointwise convolution needs none', () => {
    const pointwise = [
      [1, 8, 8, 16],
      [32, 1, 1, 16],
      [1, 8, 8, 32],
    ];
    for (const kernels of ['cmsis-nn', 'cmsis-nn-dsp', 'cmsis-nn-mve'] as const) expect(scratch(kernels, 'CONV_2D', pointwise)).toEqual([]);
  });

  it('a depthwise convolution: none for 3x3 with DSP, columns of the kernel for others', () => {
    const depthwise = (size: number): readonly (readonly number[])[] => [
      [1, 8, 8, 16],
      [1, size, size, 16],
      [1, 8, 8, 16],
    ];
    expect(scratch('cmsis-nn-dsp', 'DEPTHWISE_CONV_2D', depthwise(3))).toEqual([]);
    expect(scratch('cmsis-nn-dsp', 'DEPTHWISE_CONV_2D', depthwise(5))).toEqual([16 * 25 * 2]);
    expect(scratch('cmsis-nn-mve', 'DEPTHWISE_CONV_2D', depthwise(3))).toEqual([4 * 124 * 9]);
  });

  it('a mean keeps sums, a position and axes', () => {
    expect(scratch('reference', 'MEAN', [[1, 4, 4, 10], [2], [1, 10]])).toEqual([40, 16, 8]);
  });

  it('a transposed convolution keeps sums of all outputs, or the kernel turned around', () => {
    const narrow = [[4], [8, 3, 3, 4], [1, 5, 5, 4], [1, 10, 10, 8]];
    expect(scratch('reference', 'TRANSPOSE_CONV', narrow, { strideHeight: 2, strideWidth: 2 })).toEqual([4 * 800]);
    // (5 - 1) * 2 + 3 columns of 8 channels, 3 rows, int32.
    expect(scratch('cmsis-nn-dsp', 'TRANSPOSE_CONV', narrow, { strideHeight: 2, strideWidth: 2 })).toEqual([11 * 8 * 3 * 4]);
  });
});
