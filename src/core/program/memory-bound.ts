import { operandsOf } from './operands.ts';
import { optimize } from './optimize.ts';
import type { Program, Tensor } from './program.ts';
import { tensorBytes } from './shapes.ts';

/** For the engine's arena, with holes and workspaces. */
const overhead = 2;
/** Of any session: its graph and its first buffers. */
const sessionBytes = 32e6;

/**
 * What a run of the program takes at most, in bytes, from the tensors alive at once as instructions run in order, with
 * constants and inputs all the time. Forward passes choose their batches by it, and their results depend on batches in
 * the last bits: it stays as it is, and is higher than what predictMemory says.
 */
export function memoryBound(program: Program): number {
  const { instructions, outputs } = optimize(program);
  const storage = new Map<number, number>();
  const lastUse = new Map<number, number>();
  const owner = (tensor: Tensor): number => storage.get(tensor.id) ?? tensor.id;
  instructions.forEach((instruction, i) => {
    for (const operand of operandsOf(instruction)) lastUse.set(owner(operand), i);
    // A reshape is another view of the same memory.
    if (instruction.op === 'reshape') storage.set(instruction.output.id, owner(instruction.x));
  });
  const always = new Set(Object.values(outputs).map(owner));
  const released = new Map<number, number[]>();
  for (const [id, i] of lastUse) released.set(i, [...(released.get(i) ?? []), id]);

  const sizes = new Map<number, number>();
  let live = 0;
  let fullest = 0;
  instructions.forEach((instruction, i) => {
    const { output } = instruction;
    if (instruction.op !== 'reshape') {
      const bytes = tensorBytes(output);
      live += bytes;
      if (instruction.op !== 'constant' && instruction.op !== 'input' && !always.has(output.id)) sizes.set(output.id, bytes);
    }
    fullest = Math.max(fullest, live);
    for (const id of released.get(i) ?? []) live -= sizes.get(id) ?? 0;
  });
  const pingPonged = Object.values(outputs).reduce((sum, output) => sum + tensorBytes(output), 0);
  return Math.ceil((fullest + pingPonged) * overhead + sessionBytes);
}
