import type { Accelerator, MemoryName, Volume } from './accelerators.ts';
import type { Block } from './block-choice.ts';
import { blockTransferCycles, memoryOf } from './memory-traffic.ts';
import { elements, largestPart, scaleBytes, smaller, storedShape, type NpuOperation } from './npu-operation.ts';

/**
 * Cycles that the NPU computes, with memory as fast as its latency allows. The multiply-accumulate array and the output stage work on different blocks
 * at the same time: the slower one counts for every block, the other once.
 *
 * @param scaleMemory where scales and biases are read from; undefined for operations without
 */
export function computeCycles(
  operation: NpuOperation,
  block: Block,
  accelerator: Accelerator,
  scaleMemory: MemoryName | undefined,
): number {
  const perElement = outputCyclesPerElement(operation, block, accelerator);
  if (operation.kind === 'elementwise') return Math.ceil(perElement * elements(storedShape(operation.output)));
  const { output } = operation;
  const work = blockWork(operation, block, accelerator);
  const arrayCycles = arrayCyclesPerBlock(operation, block, accelerator, work);
  const scaling = scaleMemory === undefined ? 0 : (scaleBytes * work.size.depth * memoryOf(accelerator, scaleMemory).readLatency) / 256;
  const outputCycles = Math.max(Math.ceil(perElement * elements(work.size)), scaling);
  const command = (blockTransferCycles(operation, block, accelerator) + outputCycles + arrayCycles) / 4;
  const array = Math.max(arrayCycles, command);
  const outputs = Math.max(outputCycles, command);
  const blocks =
    Math.ceil(output.shape.height / work.size.height) *
    Math.ceil(output.shape.width / work.size.width) *
    Math.ceil(output.shape.depth / work.size.depth);
  return Math.floor(Math.max(array, outputs) * blocks + Math.min(array, outputs));
}

/** Multiply-accumulates as the compiler counts them: pools and sums too. */
export function npuMacs({ kind, kernel, input, output }: NpuOperation): number {
  const size = kernel.width * kernel.height;
  if (kind === 'elementwise') return 0;
  return size * elements(output.shape) * (kind === 'depthwise' || kind === 'pooling' ? 1 : input.shape.depth);
}

interface BlockWork {
  readonly size: Volume;
  /** Units of outputs that are computed one after the other. */
  readonly rows: number;
  readonly columns: number;
  readonly layers: number;
}

function blockWork({ kind, kernel, output }: NpuOperation, block: Block, { outputUnit }: Accelerator): BlockWork {
  const size = smaller(output.shape, block.output);
  const isFlat =
    outputUnit.height === 2 &&
    (kind === 'convolution' || kind === 'depthwise' || kind === 'vectorProduct') &&
    output.shape.height === 1 &&
    output.shape.width % 2 === 0 &&
    kernel.height === 1;
  const unit = isFlat ? { ...outputUnit, height: 1, width: 4 } : outputUnit;
  const used = isFlat ? { ...size, height: 1 } : size;
  return {
    size: used,
    rows: Math.ceil(used.height / unit.height),
    columns: Math.ceil(used.width / unit.width),
    layers: Math.ceil(used.depth / unit.depth),
  };
}

function arrayCyclesPerBlock(operation: NpuOperation, block: Block, accelerator: Accelerator, work: BlockWork): number {
  const { kind, kernel, input } = operation;
  const inputDepth = Math.min(input.shape.depth, block.input.depth);
  const isPartKernel = kind === 'convolution' && block.isPartKernel;
  const depthSteps = isPartKernel ? Math.ceil(inputDepth / 8) : 1;
  let cycles = 0;
  for (const rows of parts(kernel.height)) {
    for (const columns of parts(kernel.width)) {
      const steps = kernelSteps(operation, isPartKernel, rows * columns);
      cycles += stepCycles(operation, accelerator, work, rows * columns) * steps * depthSteps * work.layers;
      cycles += startCycles(block, accelerator, work, steps) * depthSteps;
    }
  }
  const allChannels =
    kind === 'convolution' || kind === 'vectorProduct' || kind === 'reduceSum' ? Math.ceil(input.shape.depth / inputDepth) : 1;
  return (cycles * allChannels) / accelerator.cores;
}

function parts(size: number): readonly number[] {
  return Array.from({ length: Math.ceil(size / largestPart) }, (_, i) => Math.min(largestPart, size - i * largestPart));
}

/** How often the array goes through the block for one part of the kernel. */
function kernelSteps({ kind, input }: NpuOperation, isPartKernel: boolean, places: number): number {
  switch (kind) {
    case 'pooling':
      return 1;
    case 'depthwise':
      return Math.ceil(places / 4);
    default:
      return isPartKernel ? Math.ceil(places / (input.bits === 16 ? 2 : 4)) : places;
  }
}

/** Of one such step, for all units side by side. */
function stepCycles(
  { kind, input }: NpuOperation,
  { name, outputUnit }: Accelerator,
  { rows, columns }: BlockWork,
  places: number,
): number {
  const units = rows * columns;
  const loadWeights = 4 * outputUnit.depth;
  switch (kind) {
    case 'pooling':
      return Math.max(4, places) * units * (input.bits === 16 && name !== 'ethos-u55-32' ? 2 : 1);
    case 'depthwise':
      return Math.max(loadWeights, 4 * units * (input.bits === 16 ? 2 : 1));
    default:
      return Math.max(loadWeights, 4 * units);
  }
}

/** Blocks of a single unit wait for their sums. */
function startCycles({ sumBits }: Block, { name }: Accelerator, { rows, columns, layers }: BlockWork, steps: number): number {
  const isWide = sumBits === 40;
  const isSmallest = name === 'ethos-u55-32';
  const delay = isSmallest ? (isWide ? 7 : 3) : isWide && (name === 'ethos-u55-64' || name === 'ethos-u55-128') ? 3 : 2;
  const isSingle = rows === 1 && columns === 1;
  const waiting = !isSingle ? 0 : layers === 1 ? delay * steps : steps > 1 ? delay * (steps - 1) * layers : 0;
  return waiting + (isSmallest && isWide && layers > 1 && (rows === 1 || columns === 1) ? delay * layers : 0);
}

function outputCyclesPerElement(operation: NpuOperation, block: Block, accelerator: Accelerator): number {
  const { kind, activation } = operation;
  const stage = accelerator.outputCycles[outputStage(operation, block)];
  const { table, relu } = accelerator.activationCycles;
  const perElement = Math.max(stage, activation === 'table' ? table : activation === 'relu' ? relu : 0);
  if (kind !== 'elementwise') return perElement;
  const outputs = elements(block.output);
  return Math.max(perElement, (blockTransferCycles(operation, block, accelerator) + perElement * outputs) / 4 / outputs);
}

function outputStage(
  { kind, elementwise, input, input2, output, isMaximum }: NpuOperation,
  { sumBits }: Block,
): keyof Accelerator['outputCycles'] {
  if (kind === 'elementwise' && input.bits === 32) return input2 === undefined ? 'unary32' : 'binary32';
  if (kind === 'elementwise' && elementwise === 'multiply') return output.bits === 32 ? 'multiply32' : 'multiply';
  if (kind !== 'elementwise' && sumBits === 40) return 'multiply';
  if (elementwise === 'add') return 'add';
  return isMaximum ? 'maximum' : 'other';
}
