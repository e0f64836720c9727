import { blockBytesOfThread, channelRegions } from './channel-regions.ts';
import { arenaBytes } from './memory/arena-bytes.ts';
import { executionOrder } from './memory/execution-order.ts';
import { memoryNodes } from './memory/memory-nodes.ts';
import { optimize } from './optimize.ts';
import type { Program } from './program.ts';
import { tensorBytes } from './shapes.ts';

/** Of any session: its threads and first buffers, and what JavaScript's heap grows by at first. */
const sessionBytes = 8.5e6;
/** For holes and workspaces that are not modelled (docs/performance.md). */
const arenaReserve = 1.05;
/** What onnxruntime keeps for an operation: nodes, kernels and plans; by operations of the program. */
const operationBytes = 5e3;
/** In the model's bytes, as the runtime reads them, and as it keeps them. */
const constantCopies = 3;
/** Two sets are used in turns, and the runtime returns a copy of what it writes into them. */
const outputCopies = 3;

/**
 * What a process grows by at most when a program is compiled and run several times, in bytes: the arena of onnxruntime for
 * all that is computed, constants, outputs and the session. Inputs are there before.
 *
 * @param threads of the engine: blocks of channels are as large for each of them
 */
export function predictMemory(program: Program, threads = 1): number {
  const optimized = optimize(program);
  const { instructions, outputs } = optimized;
  const given = Object.values(outputs);
  const constants = instructions.flatMap(({ op, output }) => (op === 'constant' ? [output] : []));
  const inputs = instructions.flatMap(({ op, output }) => (op === 'input' ? [output] : []));
  const order = executionOrder(memoryNodes(optimized, channelRegions(optimized, blockBytesOfThread * threads)));
  const arena = arenaBytes(order, new Set([...inputs, ...constants, ...given].map(({ id }) => id)));
  const sum = (tensors: typeof given): number => tensors.reduce((bytes, tensor) => bytes + tensorBytes(tensor), 0);
  return Math.ceil(
    arena * arenaReserve +
      sum(given) * outputCopies +
      sum(constants) * constantCopies +
      instructions.length * operationBytes +
      sessionBytes,
  );
}
