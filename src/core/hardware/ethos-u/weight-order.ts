/** The order in which the NPU reads a kernel: what its encoded stream is made of. */
import { largestPart, type WeightVolume } from './npu-operation.ts';

export interface WeightTraversal {
  readonly isDepthwise: boolean;
  /** Whether all places of the kernel come before the next 8 input channels: better for few channels. */
  readonly isPartKernel: boolean;
  /** Output channels that one block of work has. */
  readonly blockDepth: number;
  /** Output channels that are computed at once: 4 or 8. */
  readonly outputUnit: number;
  readonly activationBits: 8 | 16;
  readonly dilationHeight: number;
  readonly dilationWidth: number;
}

/** Input channels that are multiplied at once. */
const inputUnit = 8;

/**
 * Weights as a stream: by block of output channels, block of input channels and part of the kernel, filled up with zeros where the hardware
 * computes with fewer channels or places than it has units for.
 */
export function orderWeights(volume: WeightVolume, traversal: WeightTraversal): Int16Array {
  const { isDepthwise, isPartKernel, blockDepth, outputUnit } = traversal;
  const inputBlock = isPartKernel || traversal.activationBits === 16 ? 16 : 32;
  const rows = Math.floor(largestPart / traversal.dilationHeight);
  const columns = Math.floor(largestPart / traversal.dilationWidth);
  const stream: number[] = [];
  for (const outputs of ranges(0, volume.outputs, blockDepth)) {
    for (const inputs of ranges(0, isDepthwise ? 1 : volume.inputs, inputBlock)) {
      for (const y of ranges(0, volume.height, rows)) {
        for (const x of ranges(0, volume.width, columns)) {
          const part = { y, x, places: paddedPlaces(y.size * x.size, traversal) };
          const outer = isPartKernel ? [...ranges(inputs.start, inputs.size, inputUnit)].map(({ start }) => start) : [inputs.start];
          const inner = isDepthwise || isPartKernel ? [0] : offsets(inputBlock, inputUnit);
          for (const first of outer) {
            for (const output of offsets(outputs.size, outputUnit)) {
              for (let place = 0; place < part.places; place++) {
                for (const offset of inner) pushUnit(stream, volume, traversal, part, place, outputs.start + output, first + offset);
              }
            }
          }
        }
      }
    }
  }
  return Int16Array.from(stream);
}

interface KernelPart {
  readonly y: Range;
  readonly x: Range;
  readonly places: number;
}

interface Range {
  readonly start: number;
  readonly size: number;
}

function pushUnit(
  stream: number[],
  volume: WeightVolume,
  { isDepthwise, outputUnit }: WeightTraversal,
  { y, x }: KernelPart,
  place: number,
  firstOutput: number,
  firstInput: number,
): void {
  const row = Math.floor(place / x.size);
  const column = place % x.size;
  for (let output = firstOutput; output < firstOutput + outputUnit; output++) {
    for (let input = firstInput; input < firstInput + (isDepthwise ? 1 : inputUnit); input++) {
      const isInside = input < volume.inputs && output < volume.outputs && row < y.size;
      stream.push(isInside ? volume.at(output, y.start + row, x.start + column, input) : 0);
    }
  }
}

function paddedPlaces(places: number, { isDepthwise, isPartKernel, activationBits }: WeightTraversal): number {
  const multiple = isDepthwise ? 4 : !isPartKernel ? 1 : activationBits === 16 ? 2 : 4;
  return Math.ceil(places / multiple) * multiple;
}

function* ranges(start: number, size: number, step: number): Generator<Range> {
  for (let offset = 0; offset < size; offset += step) yield { start: start + offset, size: Math.min(step, size - offset) };
}

function offsets(size: number, step: number): readonly number[] {
  return Array.from({ length: Math.ceil(size / step) }, (_, i) => i * step);
}
