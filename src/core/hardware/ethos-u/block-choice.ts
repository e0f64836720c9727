import type { Accelerator, Volume } from './accelerators.ts';
import { elements, largestPart, reach, roundUp, smaller, type NpuOperation } from './npu-operation.ts';

/** The part of the outputs that is computed at once, and the part of the inputs that it needs. */
export interface Block {
  readonly output: Volume;
  readonly input: Volume;
  readonly isPartKernel: boolean;
  readonly sumBits: 32 | 40;
}

const largestBlock: Volume = { height: 32, width: 64, depth: 128 };
/** Depths are tried in steps of this many channels as long as outputs have more. */
const depthStep = 16;
const outputBanks = 2;
const bankBytes = 1024;

/**
 * The block that moves the fewest bytes for an output element among those that the NPU's buffer holds, as Arm's compiler chooses it; of equal ones
 * among the small the one that covers more of the input.
 *
 * @returns undefined when no block fits, which the compiler refuses
 */
export function chooseBlock(operation: NpuOperation, accelerator: Accelerator): Block | undefined {
  const { output } = operation;
  const { outputUnit } = accelerator;
  const limit = roundedUp(smaller(output.shape, largestBlock), outputUnit);
  let best: { block: Block; cost: number; coverage: number } | undefined;
  for (const depth of depths(limit.depth, output.shape.depth, outputUnit.depth)) {
    for (let height = outputUnit.height; height <= limit.height; height += outputUnit.height) {
      for (let width = outputUnit.width; width <= limit.width; width += outputUnit.width) {
        const block = blockOf(operation, accelerator, { height, width, depth });
        if (block === undefined) break;
        const cost = blockCost(operation, accelerator, block);
        if (best !== undefined && cost > best.cost) continue;
        if (cost !== best?.cost) best = { block, cost, coverage: Infinity };
        else {
          const coverage = inputCoverage(operation, block);
          if (coverage <= best.coverage && height <= 4 && width <= 4) best = { block, cost, coverage };
        }
      }
    }
  }
  return best?.block;
}

function depths(limit: number, depth: number, unit: number): readonly number[] {
  const tried: number[] = [];
  const next = (candidate: number): number => (candidate < depth ? roundUp(candidate, depthStep) : candidate);
  for (let candidate = next(Math.max(unit, Math.min(limit, depthStep))); candidate <= limit; candidate = next(candidate + unit))
    tried.push(candidate);
  return tried;
}

/** Whether depth of inputs and outputs is the same, channel by channel. */
function keepsDepth({ kind }: NpuOperation): boolean {
  return kind === 'elementwise' || kind === 'pooling' || kind === 'depthwise';
}

/** The larger one of two inputs. */
function largerInput({ input, input2 }: NpuOperation): Volume {
  return input2 !== undefined && elements(input2.shape) > elements(input.shape) ? input2.shape : input.shape;
}

/** Undefined where the NPU's buffer does not hold it. */
function blockOf(operation: NpuOperation, accelerator: Accelerator, output: Volume): Block | undefined {
  const { kernel, kind, input, isUpscaled, isScaled } = operation;
  const { outputUnit, buffer } = accelerator;
  const size = reach(kernel);
  const needed = (outputs: number, stride: number, kernelSize: number): number =>
    Math.ceil(((outputs - 1) * stride + Math.min(kernelSize, largestPart)) / (isUpscaled ? 2 : 1));
  const isPartKernel = (kind === 'convolution' || kind === 'depthwise') && prefersPartKernel(operation);
  const inputBlock = {
    height: roundUp(needed(output.height, kernel.strideHeight, size.height), outputUnit.height),
    width: roundUp(needed(output.width, kernel.strideWidth, size.width), outputUnit.width),
    depth: keepsDepth(operation) ? output.depth : inputDepth(operation, accelerator, isPartKernel),
  };
  const sumBits = input.bits === 16 && kind !== 'pooling' && isScaled ? 40 : 32;

  const inputBytes = inputBlock.height * inputBlock.width * roundUp(Math.ceil((inputBlock.depth * input.bits) / 8), 8);
  const granule = (kind === 'elementwise' ? buffer.elementwiseGranule : buffer.inputGranule)[input.bits];
  const inputBanks = roundUp(2 * Math.ceil(inputBytes / bankBytes), granule);
  const tableBanks = Math.max(operation.tableBytes > 0 ? 2 : 0, buffer.tableBanks);
  const free = buffer.banks - tableBanks - outputBanks - inputBanks;
  const block = { output, input: inputBlock, isPartKernel, sumBits } as const;
  // Room for a second input is kept, whether there is one or not.
  if (kind === 'elementwise') return free >= inputBanks ? block : undefined;
  const rows = isOneRow(operation, accelerator) ? 1 : output.height;
  const sumBytes = Math.floor((rows * output.width * roundUp(output.depth, 8) * sumBits) / 8);
  const sumBanks = roundUp(2 * Math.ceil(sumBytes / bankBytes), buffer.sumGranule[sumBits]);
  return free >= sumBanks ? block : undefined;
}

/** Rows of one output with a flat kernel are computed without the second row that the largest arrays have. */
function isOneRow({ output, kernel }: NpuOperation, { outputUnit }: Accelerator): boolean {
  return output.shape.height === 1 && kernel.height === 1 && outputUnit.height === 2;
}

function inputDepth({ input }: NpuOperation, { inputUnit }: Accelerator, isPartKernel: boolean): number {
  const { depth } = input.shape;
  if (input.bits === 16) return roundUp(Math.min(depth, 16), 4);
  return roundUp(Math.min(depth, isPartKernel ? 16 : 32), inputUnit.depth);
}

/** Part of the kernel first is better where more of the units are busy than with all channels first; the encoder of weights prefers it where they are equal. */
export function prefersPartKernel({ input, kernel }: NpuOperation, whereEqual = false): boolean {
  const { depth } = input.shape;
  if (depth <= 8) return true;
  const places = kernel.height * kernel.width;
  const byDepth = depth / roundUp(depth, input.bits === 8 ? 32 : 16);
  const byPart = (depth * places) / (roundUp(depth, 8) * roundUp(places, input.bits === 8 ? 4 : 2));
  return byPart > byDepth || (whereEqual && byPart === byDepth);
}

/** Inputs and weights read for an output element. */
function blockCost(operation: NpuOperation, accelerator: Accelerator, { output: block, input: inputBlock }: Block): number {
  const { kind, kernel, output } = operation;
  const outputs = elements(output.shape);
  const input = largerInput(operation);
  const rows = isOneRow(operation, accelerator) ? 1 : block.height;
  const places = { height: output.shape.height / rows, width: output.shape.width / block.width, depth: output.shape.depth / block.depth };
  const halved = elements(input) < elements(inputBlock) * 2 ? 0.5 : 1;
  if (kind === 'elementwise') return Math.max(outputs / elements(block), 1) * halved;
  const size = reach(kernel);
  const parts = Math.ceil(size.width / largestPart) * Math.ceil(size.height / largestPart);
  const weights =
    kind === 'convolution' || kind === 'depthwise'
      ? size.width *
        size.height *
        input.depth *
        Math.ceil(places.height) *
        Math.ceil(places.width) *
        (kind === 'depthwise' ? 1 : block.depth * places.depth)
      : 0;
  const inputs =
    inputBlock.height *
    inputBlock.width *
    input.depth *
    parts *
    places.height *
    places.width *
    (keepsDepth(operation) ? 1 : Math.ceil(places.depth));
  return ((inputs + weights) / outputs) * halved;
}

/** How often the block's rows and columns would go into the input's. */
function inputCoverage(operation: NpuOperation, { input: block }: Block): number {
  const { height, width } = largerInput(operation);
  return (height * width) / (Math.min(height, block.height) * Math.min(width, block.width));
}

function roundedUp(volume: Volume, unit: Volume): Volume {
  return {
    height: roundUp(volume.height, unit.height),
    width: roundUp(volume.width, unit.width),
    depth: roundUp(volume.depth, unit.depth),
  };
}
