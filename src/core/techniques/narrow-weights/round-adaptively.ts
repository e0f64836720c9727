/** AdaRound of one layer of a network: its inputs and outputs on training examples. */
import { weightLimit } from '../../constraints/integer-grid.ts';
import { roundHalfToEven } from '../../constraints/rounding.ts';
import type { Parameter } from '../../network/network.ts';
import { hasKernel } from '../../network/kernel-operations.ts';
import { createProgramBuilder } from '../../program/builder.ts';
import type { InputMeans } from '../reconstruction/normal-equations.ts';
import { samplePatches } from '../reconstruction/patch-sample.ts';
import { patchesOf } from '../reconstruction/patches.ts';
import type { FittedLayer } from '../reconstruction/reconstruct-layers.ts';
import type { TechniqueContext } from '../technique.ts';
import { adaptiveRounding } from './adaptive-rounding.ts';
import { narrowBits } from './narrow-kernels.ts';

const chunk = 1024;
const mostRows = 8192;
/** Of the inputs that are held in memory. */
const mostElements = 2 ** 24;

export interface RoundedLayer {
  readonly layer: FittedLayer;
  /** Of the whole network. */
  readonly kernel: Parameter;
  readonly mask: Uint8Array | undefined;
  /** Real weights of the least error. */
  readonly start: Float32Array;
  /** The rounding to begin with. */
  readonly fitted: { readonly scales: Float32Array; readonly weights: Float32Array };
  readonly means: InputMeans;
  readonly meansAreFree: boolean;
  readonly roundingSteps: number;
}

/**
 * @returns the weights on the same grid, `[filters, d]`
 * @throws EspalierError `cancelled`
 */
export async function roundAdaptively(rounded: RoundedLayer, context: TechniqueContext): Promise<Float32Array> {
  const { layer, kernel, mask, start, fitted, roundingSteps } = rounded;
  const { scales } = fitted;
  const sampled = await sampleLayer(rounded, context);
  if (sampled === undefined) return fitted.weights;
  const length = kernel.data.length / scales.length;
  const scaleAt = (i: number): number => scales[Math.floor(i / length)] ?? 1;
  const limit = weightLimit(narrowBits);
  const integers = Int8Array.from(fitted.weights, (weight, i) => Math.max(-limit, Math.min(limit, roundHalfToEven(weight / scaleAt(i)))));
  const { activation } = layer.operation;
  const learned = await adaptiveRounding({
    ...sampled,
    engine: context.engine,
    weights: start,
    integers,
    scales,
    mask,
    bits: narrowBits,
    activation,
    iterations: roundingSteps,
    seed: context.seed,
    signal: context.signal,
  });
  return Float32Array.from(learned, (integer, i) => integer * scaleAt(i));
}

interface LayerSample {
  /** `[rows, d]` of the rounded network, about the mean where a bias takes it up. */
  readonly inputs: Float32Array;
  /** `[rows, filters]` of the whole network before the activation. */
  readonly outputs: Float32Array;
  readonly offsets: Float32Array;
}

async function sampleLayer(
  { layer: { operation, whole: network, sample }, kernel, means, meansAreFree }: RoundedLayer,
  { engine, seed }: TechniqueContext,
): Promise<LayerSample | undefined> {
  if (!hasKernel(operation) || (operation.kind !== 'conv2d' && operation.kind !== 'dense')) return undefined;
  const [source = ''] = operation.inputs;
  const shape = network.values.get(source)?.shape;
  const patches = shape === undefined ? undefined : patchesOf(operation, shape, kernel.shape);
  if (patches === undefined) return undefined;
  const { length } = patches;
  const filters = kernel.data.length / length;
  const bias = (operation.bias === undefined ? undefined : network.parameters.get(operation.bias)?.data) ?? new Float32Array(filters);
  const most = Math.max(chunk, Math.min(mostRows, Math.floor(mostElements / length)));
  const inputs: Float32Array[] = [];
  const outputs: Float32Array[] = [];
  const builder = createProgramBuilder();
  const x = builder.input('x', [chunk, length]);
  const products = builder.matmul(x, builder.constant(kernel.data, [filters, length]), { transposeB: true });
  const compiled = await engine.compile(
    builder.build({ z: builder.add(products, builder.constant(Float32Array.from(bias), [1, filters])) }),
  );
  try {
    for await (const { whole, changed, count } of samplePatches({ ...sample, patches, seed: seed + 1, most }, chunk)) {
      const { z } = await compiled.run({ x: whole });
      outputs.push(Float32Array.from(z ?? []).subarray(0, count * filters));
      const centred = changed.slice(0, count * length);
      if (meansAreFree) for (let i = 0; i < centred.length; i++) centred[i] = (centred[i] ?? 0) - (means.changed[i % length] ?? 0);
      inputs.push(centred);
    }
  } finally {
    await compiled.dispose();
  }
  const offsets = Float32Array.from({ length: filters }, (_, filter) => {
    let offset = bias[filter] ?? 0;
    if (meansAreFree) for (let i = 0; i < length; i++) offset += (kernel.data[filter * length + i] ?? 0) * (means.whole[i] ?? 0);
    return offset;
  });
  return { inputs: joined(inputs), outputs: joined(outputs), offsets };
}

function joined(parts: readonly Float32Array[]): Float32Array {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let begin = 0;
  for (const part of parts) {
    all.set(part, begin);
    begin += part.length;
  }
  return all;
}
