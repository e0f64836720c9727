import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { accelerator, ethosUNames, type EthosUName } from '../../../../src/core/hardware/ethos-u/accelerators.ts';
import { estimateEthosU } from '../../../../src/core/hardware/ethos-u/estimate-ethos-u.ts';
import { foldStride } from '../../../../src/core/hardware/ethos-u/strided-convolution.ts';
import { pointKernel } from '../../../../src/core/hardware/ethos-u/npu-operation.ts';
import type { WeightVolume } from '../../../../src/core/hardware/ethos-u/npu-operation.ts';
import { readTflite } from '../../../../src/core/tflite/read-tflite.ts';
import type { Subgraph } from '../../../../src/core/tflite/tflite-model.ts';
import { graph, operator, tensor } from '../tflite-graph.ts';

it('every accelerator computes 8 inputs for each output of a unit in a cycle', () => {
  for (const name of ethosUNames) {
    const { outputUnit, cores, macsPerCycle } = accelerator(name);
    expect(8 * outputUnit.height * outputUnit.width * outputUnit.depth * cores).toBe(macsPerCycle);
  }
});

function convolution(
  kernelType: 'int8' | 'float32',
  more: { readonly strideWidth?: number; readonly data?: Uint8Array | undefined } = {},
): Subgraph {
  const data = 'data' in more ? more.data : new Uint8Array(16 * 9 * 8).map((_, i) => i);
  return graph({
    tensors: [tensor('in', [1, 16, 16, 8]), tensor('kernel', [16, 3, 3, 8], { data, type: kernelType }), tensor('out', [1, 16, 16, 16])],
    inputs: [0],
    outputs: [2],
    operators: [operator('CONV_2D', [0, 1, -1], [2], { padding: 'same', strideWidth: more.strideWidth ?? 1, strideHeight: 1 })],
  });
}

describe('estimate', () => {
  it('never takes fewer cycles than multiply-accumulates or than the memory moves', () => {
    const macs = 16 * 16 * 16 * 9 * 8;
    for (const name of ethosUNames) {
      const { cycles, operations } = estimateEthosU(convolution('int8'), name);
      expect(cycles).toBeGreaterThanOrEqual(macs / accelerator(name).macsPerCycle);
      for (const operation of operations)
        expect(operation.cycles).toBeGreaterThanOrEqual(Math.max(operation.sramCycles, operation.dramCycles));
    }
  });

  it('more units take fewer cycles', () => {
    const cycles = (['ethos-u55-32', 'ethos-u55-64', 'ethos-u55-128', 'ethos-u55-256'] as const).map(
      (name) => estimateEthosU(convolution('int8'), name).cycles,
    );
    expect([...cycles].sort((a, b) => b - a)).toEqual(cycles);
  });

  it('leaves to the CPU what the NPU does not do, with the reason', () => {
    const reasons = (subgraph: Subgraph): readonly string[] => estimateEthosU(subgraph, 'ethos-u55-128').cpu.map(({ reason }) => reason);
    expect(reasons(convolution('int8', { data: undefined }))).toEqual(['its kernel is computed']);
    expect(reasons(convolution('int8', { strideWidth: 5 }))).toEqual(['its stride is 1x5']);
    const gelu = graph({
      tensors: [tensor('in', [1, 8]), tensor('out', [1, 8])],
      inputs: [0],
      outputs: [1],
      operators: [operator('GELU', [0], [1])],
    });
    expect(reasons(gelu)).toEqual(['the NPU has no GELU']);
    const float = graph({
      tensors: [tensor('in', [1, 8], { type: 'float32' }), tensor('out', [1, 8], { type: 'float32' })],
      inputs: [0],
      outputs: [1],
      operators: [operator('RELU', [0], [1])],
    });
    expect(reasons(float)).toEqual(['it computes with float32']);
  });

  it('an activation that follows costs nothing where the operation before can apply it', () => {
    const withTable = (name: EthosUName): number => {
      const { tensors } = convolution('int8');
      return estimateEthosU(
        graph({
          tensors: [...tensors, tensor('activated', [1, 16, 16, 16])],
          inputs: [0],
          outputs: [3],
          operators: [
            operator('CONV_2D', [0, 1, -1], [2], { padding: 'same', strideWidth: 1, strideHeight: 1 }),
            operator('LOGISTIC', [2], [3]),
          ],
        }),
        name,
      ).operations.length;
    };
    expect(withTable('ethos-u55-128')).toBe(1);
    // The smallest have no room for a table beside sums.
    expect(withTable('ethos-u55-32')).toBe(2);
  });

  it('a view of itself ends', () => {
    const looped = graph({
      tensors: [tensor('in', [1, 8]), tensor('a', [8])],
      inputs: [0],
      outputs: [1],
      operators: [operator('RESHAPE', [1], [1]), operator('RELU', [1], [1])],
    });
    expect(estimateEthosU(looped, 'ethos-u55-128').cpu).toEqual([]);
  });
});

describe('a stride that is folded into channels', () => {
  /** `[h][w][c] -> [oh][ow]` for one output channel, by definition. */
  function convolve(
    image: readonly (readonly number[])[][],
    weights: WeightVolume,
    strideHeight: number,
    strideWidth: number,
    left: number,
    outputs: number,
  ): number[][] {
    const rows = Math.floor((image.length - weights.height) / strideHeight) + 1;
    return Array.from({ length: rows }, (_, oy) =>
      Array.from({ length: outputs }, (_, ox) => {
        let sum = 0;
        for (let y = 0; y < weights.height; y++) {
          for (let x = 0; x < weights.width; x++) {
            const column = image[oy * strideHeight + y]?.[ox * strideWidth + x - left];
            for (let c = 0; c < weights.inputs; c++) sum += (column?.[c] ?? 0) * weights.at(0, y, x, c);
          }
        }
        return sum;
      }),
    );
  }

  it.each([
    // Width, channels, kernel, stride, same padding.
    [28, 1, 3, 2, true],
    [10, 1, 4, 2, true],
    [12, 2, 3, 3, false],
    [12, 2, 5, 2, false],
    [9, 2, 3, 3, true],
  ])('width %i, %i channels, kernel %i, stride %i, padded %s', (width, channels, size, stride, isPadded) => {
    let state = 3;
    const random = (): number => ((state = (state * 48271) % 2147483647) % 19) - 9;
    const values = Array.from({ length: 3 * size * channels }, random);
    const weights: WeightVolume = {
      outputs: 1,
      height: 3,
      width: size,
      inputs: channels,
      at: (_, y, x, c) => values[(y * size + x) * channels + c]!,
    };
    const image = Array.from({ length: 5 }, () => Array.from({ length: width }, () => Array.from({ length: channels }, random)));
    const kernel = { ...pointKernel, height: 3, width: size, strideHeight: 1, strideWidth: stride };
    const folded = foldStride({ input: { height: 5, width, depth: channels }, kernel, weights }, true, isPadded);
    const factor = width / folded.input.width;
    expect(factor).toBe(stride);
    const foldedImage = image.map((row) =>
      Array.from({ length: width / factor }, (_, x) => row.slice(x * factor, (x + 1) * factor).flat()),
    );
    const outputs = isPadded ? Math.ceil(width / stride) : Math.floor((width - size) / stride) + 1;
    const total = isPadded ? Math.max((outputs - 1) * stride + size - width, 0) : 0;
    const foldedTotal = isPadded ? Math.max((outputs - 1) * folded.kernel.strideWidth + folded.kernel.width - width / factor, 0) : 0;
    expect(convolve(foldedImage, folded.weights, 1, folded.kernel.strideWidth, Math.floor(foldedTotal / 2), outputs)).toEqual(
      convolve(image, weights, 1, stride, Math.floor(total / 2), outputs),
    );
  });
});

const data = process.env['ESPALIER_TEST_DATA'];
interface VelaFigures {
  readonly totalCycles: number;
  readonly macs: number;
  readonly cpuOps: number;
  readonly weights: readonly [string, string, string, string];
}

describe.skipIf(data === undefined)("against Arm's compiler", () => {
  const folder = data ?? '';
  const figures: Record<string, Record<string, VelaFigures>> = data === undefined
    ? {}
    : JSON.parse(readFileSync(path.join(folder, 'ethos-u', 'vela-3.10.json'), 'utf8'));

  it.each(Object.keys(figures))(
    '%s: weights within 3%%, cycles within 10%%, the same multiply-accumulates, on all accelerators',
    (file) => {
      const place = file.startsWith('digits') ? 'ethos-u/leaves' : 'models/tflite';
      const { subgraphs } = readTflite(readFileSync(path.join(folder, place, file)));
      for (const [name, vela] of Object.entries(figures[file]!)) {
        const found = estimateEthosU(subgraphs[0]!, name as EthosUName);
        expect(Math.abs(found.weightBytes / 1024 / Number(vela.weights[2]) - 1), name).toBeLessThan(0.03);
        expect(Math.abs(found.cycles / vela.totalCycles - 1), name).toBeLessThan(0.1);
        expect(found.operations.reduce((sum, { macs }) => sum + macs, 0)).toBe(vela.macs);
        expect(found.cpu).toHaveLength(vela.cpuOps);
      }
    },
  );
});
