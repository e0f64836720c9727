import { operandsOf } from './operands.ts';
import { optimize } from './optimize.ts';
import type { Program, Tensor } from './program.ts';
import { tensorBytes } from './shapes.ts';

/** The engine's arena rounds up and keeps holes and workspaces; measured on steps of 15 to 190 MB. */
const overhead = 2;
/** Of any session: its graph and its first buffers. */
const sessionBytes = 32e6;

/**
 * Peak memory of a run of the program in bytes: the tensors alive at once as instructions run in order, with constants
 * and inputs all the time and outputs twice (two sets are used in turns).
 */
export function predictMemory(program: Program): number {
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
