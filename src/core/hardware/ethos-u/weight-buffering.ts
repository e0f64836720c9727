import type { Accelerator } from './accelerators.ts';
import { prefersPartKernel, type Block } from './block-choice.ts';
import { computeCycles } from './compute-cycles.ts';
import { copyCycles } from './memory-traffic.ts';
import { roundUp, scaleBytes, type NpuOperation, type NpuWeights } from './npu-operation.ts';
import { orderWeights } from './weight-order.ts';
import { encodedStreamBytes } from './weight-stream.ts';

const alignment = 16;
const depthStep = 16;

/** How an operation's weights get to the NPU. */
export interface WeightPlan {
  /** Weights, scales and biases as they are stored. */
  readonly bytes: number;
  /** Whether a copy in SRAM is read instead of flash or DRAM. */
  readonly isBuffered: boolean;
  /** Cycles of the copy, of all and of its first part. */
  readonly copyCycles: number;
  readonly firstCopyCycles: number;
  /** Whether parts are copied while others are used. */
  readonly isDoubleBuffered: boolean;
  /** Bytes of the copies in SRAM. */
  readonly bufferBytes: number;
  /** Cycles that the next operation's weights can be copied under. */
  readonly slackCycles: number;
}

/** An operation without weights leaves all of its cycles to the next one's copy. */
export function withoutWeights(cycles: number): WeightPlan {
  return { bytes: 0, isBuffered: false, copyCycles: 0, firstCopyCycles: 0, isDoubleBuffered: false, bufferBytes: 0, slackCycles: cycles };
}

/**
 * Weights are copied to SRAM while the operation before computes, as far as that takes long enough; what is left is cut along the output channels and
 * copied part by part. Dense layers use each weight once: theirs are read where they are.
 *
 * @param slackCycles of the operation before
 * @param encode bytes of each part between edges, in output channels; by default as the kernel encodes
 */
export function planWeights(
  operation: NpuOperation,
  weights: NpuWeights,
  block: Block,
  accelerator: Accelerator,
  slackCycles: number,
  encode: (edges: readonly number[]) => readonly number[] = (edges) => encodeParts(operation, weights, block, accelerator, edges),
): WeightPlan {
  const depth = weights.volume.outputs;
  const whole = encode([0, depth]);
  const bytes = total(whole);
  const cycles = (outputs: number): number =>
    computeCycles(
      { ...operation, output: { ...operation.output, shape: { ...operation.output.shape, depth: outputs } } },
      block,
      accelerator,
      'sram',
    );
  if (operation.kind === 'vectorProduct') return { ...withoutWeights(cycles(depth)), bytes };
  const { sram, dram } = accelerator.memory;
  const copy = copyCycles(dram, sram, bytes);
  const ratio = copy > slackCycles ? slackCycles / copy : 1;
  if (ratio === 1)
    return {
      bytes,
      isBuffered: true,
      copyCycles: copy,
      firstCopyCycles: copy,
      isDoubleBuffered: false,
      bufferBytes: bytes,
      slackCycles: cycles(depth),
    };
  const first = Math.max(depthStep, Math.floor((depth * ratio) / depthStep) * depthStep);
  const step = partDepth((depth * cycles(first)) / copy, block.output.depth);
  const edges = [0, ...range(first, depth, step), depth];
  const parts = encode(edges);
  return {
    bytes: total(parts),
    isBuffered: true,
    copyCycles: copy,
    firstCopyCycles: copyCycles(dram, sram, parts[0] ?? 0),
    isDoubleBuffered: parts.length > 1,
    bufferBytes: largest(parts.filter((_, i) => i % 2 === 0)) + largest(parts.filter((_, i) => i % 2 === 1)),
    slackCycles: cycles(depth - (edges.at(-2) ?? 0)),
  };
}

/** Whole blocks where there is more than one, else multiples of 16 channels. */
function partDepth(wanted: number, blockDepth: number): number {
  const blocks = roundUp(wanted, blockDepth);
  const step = blocks > blockDepth ? blockDepth : depthStep;
  return Math.max(depthStep, Math.floor(blocks / step) * step);
}

function range(from: number, to: number, step: number): readonly number[] {
  return from >= to ? [] : Array.from({ length: Math.ceil((to - from) / step) }, (_, i) => from + i * step);
}

/** Bytes of each part of a kernel whose weights take so many bytes encoded, alike in every channel: an estimate. */
export function evenParts(edges: readonly number[], outputs: number, streamBytes: number): readonly number[] {
  return edges.slice(1).map((end, part) => {
    const own = end - (edges[part] ?? 0);
    return roundUp(scaleBytes * own, alignment) + (streamBytes * own) / outputs;
  });
}

/** Bytes of each part: for each core its scales and its stream, which take turns in output channels. */
function encodeParts(
  { kind, input, kernel, ...rest }: NpuOperation,
  { volume }: NpuWeights,
  block: Block,
  { cores, outputUnit }: Accelerator,
  edges: readonly number[],
): readonly number[] {
  const isPartKernel = kind === 'convolution' && prefersPartKernel({ kind, input, kernel, ...rest }, true);
  return edges.slice(1).map((end, part) => {
    const begin = edges[part] ?? 0;
    let bytes = 0;
    for (let core = 0; core < Math.min(cores, volume.outputs); core++) {
      const blockDepth = Math.floor((block.output.depth + cores - 1 - core) / cores);
      const outputs = Math.ceil((end - begin - core) / cores);
      if (blockDepth === 0 || outputs <= 0) continue;
      bytes += roundUp(scaleBytes * outputs, alignment);
      const own = { ...volume, outputs, at: (o: number, y: number, x: number, i: number) => volume.at(begin + core + o * cores, y, x, i) };
      bytes += encodedStreamBytes(
        orderWeights(own, {
          isDepthwise: kind === 'depthwise',
          isPartKernel,
          blockDepth,
          outputUnit: outputUnit.depth,
          activationBits: input.bits === 16 ? 16 : 8,
          dilationHeight: Math.min(kernel.dilationHeight, 2),
          dilationWidth: Math.min(kernel.dilationWidth, 2),
        }),
      );
    }
    return bytes;
  });
}

function total(parts: readonly number[]): number {
  return parts.reduce((sum, bytes) => sum + bytes, 0);
}

function largest(parts: readonly number[]): number {
  return Math.max(0, ...parts);
}
