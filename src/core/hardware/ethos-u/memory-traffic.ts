import type { Accelerator, Memory, MemoryName, Volume } from './accelerators.ts';
import type { Block } from './block-choice.ts';
import { brickDepth, elements, largestPart, smaller, storedShape, type FeatureMap, type NpuOperation } from './npu-operation.ts';

/** Elements that an operation reads and writes, those that are read again for each block included. */
export interface ElementTraffic {
  readonly input: number;
  readonly input2: number;
  readonly output: number;
  readonly weights: number;
}

/**
 * What blocks read and write: each block of outputs reads its inputs again, and its weights, but for depthwise ones, which are read once for each place.
 */
export function elementTraffic(operation: NpuOperation, block: Block): ElementTraffic {
  const { kind, input, output, kernel } = operation;
  const stored = storedElements(output);
  if (kind === 'elementwise') {
    const whole = (map: FeatureMap): number =>
      elements(map.shape) > 1 ? storedElements({ ...output, isBricked: map.isBricked }) : map.bits > 8 ? storedElements(map) : 0;
    return { input: whole(input), input2: operation.input2 === undefined ? 0 : whole(operation.input2), output: stored, weights: 0 };
  }
  const outputBlock = smaller(output.shape, block.output);
  const inputBlock = smaller(input.shape, block.input);
  const keepsDepth = kind === 'depthwise' || kind === 'pooling';
  const places = Math.ceil(output.shape.height / outputBlock.height) * Math.ceil(output.shape.width / outputBlock.width);
  const blocks = places * (keepsDepth ? 1 : Math.ceil(output.shape.depth / outputBlock.depth));
  const parts = Math.ceil(kernel.width / largestPart) * Math.ceil(kernel.height / largestPart);
  const { depth } = storedShape(input);
  const size = kernel.width * kernel.height;
  return {
    input: inputBlock.height * inputBlock.width * depth * parts * blocks,
    input2: 0,
    output: stored,
    weights:
      kind === 'pooling' || kind === 'reduceSum'
        ? 0
        : size * (keepsDepth ? input.shape.depth : input.shape.depth * outputBlock.depth) * blocks,
  };
}

function storedElements(map: FeatureMap): number {
  return elements(storedShape(map));
}

/** Bytes that pass the bus: short accesses take a whole burst. */
export function burstBytes(direction: 'read' | 'write', map: FeatureMap, block: Volume, accelerator: Accelerator, bytes: number): number {
  const burst = memoryOf(accelerator, map.memory).burstBytes;
  return (bytes * burst) / Math.min(burst, accessBytes(direction, map, block, accelerator));
}

/** Bytes of one block that lie together. */
function accessBytes(direction: 'read' | 'write', { shape, bits, isBricked }: FeatureMap, block: Volume, { cores }: Accelerator): number {
  const element = bits / 8;
  const row = element * block.depth * block.width;
  if (isBricked) {
    if (element * brickDepth * shape.width === block.depth) return row;
    return brickDepth * element * block.width * (direction === 'read' ? 1 : cores);
  }
  const isWholeDepth = element === block.depth;
  if (direction === 'read') return isWholeDepth ? row : element * block.depth;
  if (block.depth <= brickDepth && isWholeDepth) return row;
  return Math.min(64, brickDepth * element * cores, block.depth * element);
}

export function memoryOf({ memory }: Accelerator, name: MemoryName): Memory {
  return memory[name];
}

/** Cycles from the request of a block's inputs to the last of its outputs written, without computing. */
export function blockTransferCycles({ input, output }: NpuOperation, block: Block, accelerator: Accelerator): number {
  const read = memoryOf(accelerator, input.memory);
  const write = memoryOf(accelerator, output.memory);
  const readBytes = burstBytes('read', input, block.input, accelerator, elements(smaller(input.shape, block.input)));
  const writeBytes = burstBytes('write', output, block.output, accelerator, elements(smaller(output.shape, block.output)));
  return read.readLatency + readBytes / read.bytesPerCycle + write.writeLatency + writeBytes / write.bytesPerCycle;
}

/** Cycles of a copy between memories. */
export function copyCycles(from: Memory, to: Memory, bytes: number): number {
  return Math.max(Math.floor(bytes / from.bytesPerCycle) + from.readLatency, Math.floor(bytes / to.bytesPerCycle));
}
