import type * as OnnxRuntime from 'onnxruntime-common';
import { createRandom } from '../../random.ts';
import { GraphWriter } from './graph-writer.ts';
import { writeBlockedConvolution } from './nodes/blocked-convolutions.ts';
import { encodeOnnxModel } from './onnx-model.ts';

/** 8 on processors with AVX or AVX2, 16 with AVX-512 and on some ARM. */
const candidates = [8, 16];
export const smallestChannelBlock = Math.min(...candidates);

const found = new WeakMap<typeof OnnxRuntime, Promise<number | undefined>>();

/**
 * The number of channels in a block of the runtime's blocked convolutions on this processor; undefined where it has none.
 * The runtime does not report it, so each candidate is tried, and the first that gives the results of `Conv` is taken.
 */
export function findChannelBlock(runtime: typeof OnnxRuntime): Promise<number | undefined> {
  const known = found.get(runtime) ?? tryCandidates(runtime);
  found.set(runtime, known);
  return known;
}

async function tryCandidates(runtime: typeof OnnxRuntime): Promise<number | undefined> {
  for (const block of candidates) {
    try {
      if (await givesTheSame(runtime, block)) return block;
    } catch {
      // Refused: the runtime has none on this processor, or another number.
    }
  }
  return undefined;
}

const [channels, height, width, size] = [32, 5, 7, 3];
const window = { strides: [1, 1], pads: [1, 1, 1, 1], dilations: [1, 1], groups: 1 } as const;
const shapes = { x: [2, channels, height, width], filter: [channels, channels, size, size] };

async function givesTheSame(runtime: typeof OnnxRuntime, block: number): Promise<boolean> {
  const graph = new GraphWriter({ contributed: true });
  for (const [name, shape] of Object.entries(shapes)) graph.inputs.push({ name, type: 'float32', shape });
  graph.node('Conv', ['x', 'filter'], { pads: { integers: window.pads } }, 'expected');
  writeBlockedConvolution(graph, ['x', 'filter'], shapes.filter, { window, block }, 'actual');
  for (const name of ['expected', 'actual']) graph.outputs.push({ name, type: 'float32', shape: shapes.x });
  const session = await runtime.InferenceSession.create(encodeOnnxModel(graph), {
    executionProviders: ['cpu'],
    intraOpNumThreads: 1,
    logSeverityLevel: 4,
  });
  try {
    const random = createRandom(1);
    const feeds = Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => {
        const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => random.normal());
        return [name, new runtime.Tensor('float32', values, shape)];
      }),
    );
    const { expected, actual } = await session.run(feeds);
    const [want, got] = [expected?.data, actual?.data];
    return (
      want instanceof Float32Array && got instanceof Float32Array && want.every((value, i) => Math.abs(value - (got[i] ?? NaN)) < 1e-3)
    );
  } finally {
    await session.release();
  }
}
