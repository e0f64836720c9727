import type { Instruction } from './instructions.ts';
import { mapOperands, operandsOf } from './operands.ts';
import type { Program, Tensor } from './program.ts';
import { simplify } from './simplify.ts';

/**
 * A program with the same outputs and fewer instructions. It folds constants, drops identities and broadcasts that the
 * next instruction does by itself, computes equal instructions once, and removes instructions and inputs that no output
 * depends on. Take gradients before: `straightThrough` and `stopGradient` become their forward values here.
 */
export function optimize(program: Program): Program {
  const known = optimized.get(program) ?? optimizedAnew(program);
  optimized.set(program, known);
  return known;
}

/** A program's memory is predicted before it is compiled, and both need it optimized. */
const optimized = new WeakMap<Program, Program>();

function optimizedAnew(program: Program): Program {
  const instructions: Instruction[] = [];
  const replacements = new Map<number, Tensor>();
  const known = new Map<string, Tensor>();
  const definitions = new Map<number, Instruction>();
  const buffers = new Map<ArrayBufferLike, number>();
  const replaced = (tensor: Tensor): Tensor => replacements.get(tensor.id) ?? tensor;

  for (const original of program.instructions) {
    const simplified = simplify(mapOperands(original, replaced), (tensor) => definitions.get(tensor.id));
    if ('alias' in simplified) {
      replacements.set(original.output.id, simplified.alias);
      continue;
    }
    const { instruction } = simplified;
    const key = identity(instruction, buffers);
    const same = known.get(key);
    if (same !== undefined) {
      replacements.set(original.output.id, same);
      continue;
    }
    known.set(key, instruction.output);
    definitions.set(instruction.output.id, instruction);
    instructions.push(instruction);
  }
  const outputs = Object.fromEntries(Object.entries(program.outputs).map(([name, tensor]) => [name, replaced(tensor)]));
  return { instructions: withoutDead(instructions, Object.values(outputs)), outputs };
}

function withoutDead(instructions: readonly Instruction[], outputs: readonly Tensor[]): Instruction[] {
  const live = new Set(outputs.map((output) => output.id));
  const kept = [...instructions].reverse().filter((instruction) => {
    if (!live.has(instruction.output.id)) return false;
    for (const operand of operandsOf(instruction)) live.add(operand.id);
    return true;
  });
  return kept.reverse();
}

/** Equal for instructions that compute the same: the instruction without the id of its output. */
function identity(instruction: Instruction, buffers: Map<ArrayBufferLike, number>): string {
  const { shape, type } = instruction.output;
  if (instruction.op === 'constant') {
    const { data } = instruction;
    // Short constants (scalars above all) by value, long ones by the memory they are in.
    if (data.length <= 16)
      return `constant ${type} [${shape.join()}] ${[...new Uint8Array(data.buffer, data.byteOffset, data.byteLength)].join()}`;
    if (!buffers.has(data.buffer)) buffers.set(data.buffer, buffers.size);
    return `constant ${type} [${shape.join()}] in ${buffers.get(data.buffer)} at ${data.byteOffset}`;
  }
  return JSON.stringify({ ...mapOperands(instruction, ({ id }) => ({ id, shape: [], type: 'float32' })), output: { shape, type } });
}
