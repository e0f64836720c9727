import type { Subgraph } from '../../tflite/tflite-model.ts';
import { EspalierError } from '../../errors.ts';
import { accelerator, type Accelerator, type EthosUName, type MemoryName } from './accelerators.ts';
import { chooseBlock, type Block } from './block-choice.ts';
import { computeCycles, npuMacs } from './compute-cycles.ts';
import { burstBytes, copyCycles, elementTraffic } from './memory-traffic.ts';
import { lowerGraph } from './npu-lowering.ts';
import { elements, scaleBytes, type FeatureMap, type NpuOperation } from './npu-operation.ts';
import { peakSram, type SramPeak } from './sram-usage.ts';
import { evenParts, planWeights, withoutWeights, type WeightPlan } from './weight-buffering.ts';

export interface EthosUOperation {
  readonly operator: number;
  readonly name: string;
  /** The slowest of computing and of each memory. */
  readonly cycles: number;
  readonly computeCycles: number;
  readonly sramCycles: number;
  readonly dramCycles: number;
  readonly macs: number;
  readonly weightBytes: number;
}

export interface EthosUEstimate {
  readonly accelerator: EthosUName;
  readonly clockHertz: number;
  readonly operations: readonly EthosUOperation[];
  readonly cycles: number;
  /** Kernels, scales and biases as the NPU reads them. */
  readonly weightBytes: number;
  /** Feature maps and copies of weights that are in SRAM at the same time, at most. */
  readonly sram: SramPeak;
  /** What the compiler may use of it. */
  readonly sramLimit: number;
  readonly cpu: readonly { readonly operator: number; readonly name: string; readonly kind: string; readonly reason: string }[];
}

/**
 * What a network takes on an Ethos-U, as Arm's compiler estimates it: cycles of each operation and encoded bytes of each kernel.
 *
 * @throws EspalierError `invalid-model` when an operator's tensors do not have the rank that it needs
 */
export function estimateEthosU(graph: Subgraph, name: EthosUName): EthosUEstimate {
  const target = accelerator(name);
  const program = lowerGraph(graph, target);
  const { operations, cpu } = program;
  const counted = new Set<string>();
  let weightBytes = 0;
  const plans = planOperations(operations, target);
  const estimates = operations.map((operation, index) => {
    const plan = plans[index] ?? withoutWeights(0);
    const slackCycles = plans[index - 1]?.slackCycles ?? 0;
    if (operation.kind === 'copy') return copyEstimate(operation, target, slackCycles);
    const estimate = estimateOperation(operation, requiredBlock(operation, target), target, plan, slackCycles);
    // Operations that share a kernel share its bytes.
    const key = `${operation.weights?.tensor ?? `made ${operation.operator}`} ${plan.bytes}`;
    if (!counted.has(key)) weightBytes += plan.bytes;
    counted.add(key);
    return estimate;
  });
  return {
    accelerator: name,
    clockHertz: target.memory.clockHertz,
    operations: estimates,
    cycles: estimates.reduce((sum, { cycles }) => sum + cycles, 0),
    weightBytes,
    sram: peakSram(program, plans),
    sramLimit: target.memory.sramBytes,
    cpu: cpu.map(({ operator, reason }) => ({ operator: operator.index, name: operator.name, kind: operator.kind, reason })),
  };
}

/** How the weights of each operation get to the NPU; those of one depend on what the one before leaves them to hide under. */
function planOperations(operations: readonly NpuOperation[], target: Accelerator): readonly WeightPlan[] {
  let before = withoutWeights(0);
  return operations.map((operation) => {
    if (operation.kind === 'copy') before = withoutWeights(0);
    else {
      const block = requiredBlock(operation, target);
      before =
        operation.weights === undefined
          ? withoutWeights(computeCycles(operation, block, target, undefined))
          : planWeights(operation, operation.weights, block, target, before.slackCycles);
    }
    return before;
  });
}

/** What changes of an operator. */
export interface OperatorChange {
  /** Bytes that its weights take encoded, without scales and biases. */
  readonly streamBytes: number;
  readonly activationBits: 8 | 16;
}

/**
 * Estimates the cycles of an operator of a graph with another kernel or wider activations. The operators before it stay as
 * they are, and each channel of the kernel takes the same bytes.
 *
 * @returns undefined for operators without a kernel, and those that the NPU does not run
 */
export function ethosUChanges(graph: Subgraph, name: EthosUName): (operator: number, change: OperatorChange) => number | undefined {
  const target = accelerator(name);
  const { operations } = lowerGraph(graph, target);
  const plans = planOperations(operations, target);
  return (operator, { streamBytes, activationBits }) => {
    const own = operations.flatMap((operation, index) =>
      operation.operator === operator && operation.weights !== undefined ? [{ operation, weights: operation.weights, index }] : [],
    );
    const outputs = own.reduce((sum, { weights }) => sum + weights.volume.outputs, 0);
    const cycles = own.map(({ operation, weights, index }) => {
      const changed = activationBits === 16 ? withBits(operation, 16) : operation;
      const block = requiredBlock(changed, target);
      const slackCycles = plans[index - 1]?.slackCycles ?? 0;
      const depth = weights.volume.outputs;
      const plan = planWeights(changed, weights, block, target, slackCycles, (edges) =>
        evenParts(edges, depth, (streamBytes * depth) / outputs),
      );
      return estimateOperation(changed, block, target, plan, slackCycles).cycles;
    });
    return cycles.length === 0 ? undefined : cycles.reduce((sum, each) => sum + each, 0);
  };
}

function withBits(operation: NpuOperation, bits: 16): NpuOperation {
  return { ...operation, input: { ...operation.input, bits }, output: { ...operation.output, bits } };
}

/** Between memories, as far as the operation before does not hide it. */
function copyEstimate({ operator, name, input, output }: NpuOperation, { memory }: Accelerator, slackCycles: number): EthosUOperation {
  const bytes = (elements(input.shape) * input.bits) / 8;
  const copy = input.memory === output.memory ? 0 : copyCycles(memory[input.memory], memory[output.memory], bytes);
  const cycles = Math.max(copy - slackCycles, 0);
  return { operator, name, cycles, computeCycles: cycles, sramCycles: 0, dramCycles: 0, macs: 0, weightBytes: 0 };
}

function requiredBlock(operation: NpuOperation, target: Accelerator): Block {
  const block = chooseBlock(operation, target);
  if (block === undefined) {
    throw new EspalierError('unsupported-model', `no part of it fits into the buffer of ${target.name}`, {
      where: `operator ${operation.operator} "${operation.name}"`,
      fix: 'choose a larger accelerator',
    });
  }
  return block;
}

function estimateOperation(
  operation: NpuOperation,
  block: Block,
  target: Accelerator,
  plan: WeightPlan,
  slackCycles: number,
): EthosUOperation {
  const { memory } = target;
  const weightMemory: MemoryName = plan.isBuffered ? 'sram' : 'dram';
  const own = computeCycles(operation, block, target, operation.weights === undefined ? undefined : weightMemory);
  const tableCopy = operation.tableBytes === 0 ? 0 : copyCycles(memory.dram, memory.sram, operation.tableBytes);
  const bytes: Record<MemoryName, number> = { sram: 0, dram: 0 };
  addTraffic(bytes, operation, block, target);
  if (operation.weights !== undefined && !plan.isBuffered) bytes.dram += readWeightBytes(operation, block, plan);
  const computed = withCopies(own, plan, tableCopy, slackCycles);
  const sramCycles = bytes.sram / memory.sram.bytesPerCycle;
  const dramCycles = bytes.dram / memory.dram.bytesPerCycle;
  return {
    operator: operation.operator,
    name: operation.name,
    cycles: Math.max(computed, sramCycles, dramCycles),
    computeCycles: computed,
    sramCycles,
    dramCycles,
    macs: npuMacs(operation),
    weightBytes: plan.bytes,
  };
}

/** Computing, and the copies of weights and tables that the operation before does not hide. */
function withCopies(own: number, plan: WeightPlan, tableCopy: number, slackCycles: number): number {
  if (!plan.isBuffered) return own + Math.max(tableCopy - slackCycles, 0);
  if (plan.isDoubleBuffered)
    return Math.max(plan.copyCycles - slackCycles + plan.slackCycles, own + Math.max(plan.firstCopyCycles - slackCycles, 0)) + tableCopy;
  return own + plan.copyCycles - Math.min(plan.firstCopyCycles, slackCycles) + tableCopy;
}

function addTraffic(bytes: Record<MemoryName, number>, operation: NpuOperation, block: Block, target: Accelerator): void {
  const traffic = elementTraffic(operation, block);
  const add = (direction: 'read' | 'write', map: FeatureMap, count: number): void => {
    const size = direction === 'read' ? block.input : block.output;
    bytes[map.memory] += burstBytes(direction, map, size, target, (count * map.bits) / 8);
  };
  add('write', operation.output, traffic.output);
  add('read', operation.input, traffic.input);
  if (operation.input2 !== undefined) add('read', operation.input2, traffic.input2);
}

/** Weights are read again for each block, as many bytes as they take encoded; scales once. */
function readWeightBytes(operation: NpuOperation, block: Block, plan: WeightPlan): number {
  const volume = operation.weights?.volume;
  if (volume === undefined) return 0;
  const { depth } = operation.output.shape;
  const stored = elements({ height: volume.height, width: volume.width, depth: volume.inputs }) * volume.outputs;
  const encoded = plan.bytes - depth * scaleBytes;
  return (elementTraffic(operation, block).weights * encoded) / stored + depth * scaleBytes;
}
