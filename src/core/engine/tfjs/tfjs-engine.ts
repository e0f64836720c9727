import type * as TensorFlow from '@tensorflow/tfjs';
import { operandsOf } from '../../program/operands.ts';
import { optimize } from '../../program/optimize.ts';
import type { Instruction } from '../../program/instructions.ts';
import type { Program } from '../../program/program.ts';
import { elements } from '../../program/shapes.ts';
import type { CompiledProgram, Engine, TensorData, Tensors } from '../engine.ts';
import { evaluateInstruction } from './evaluate-instruction.ts';

/**
 * Runs programs operation by operation on the backend that tfjs is set to. It is slow; its kernels are independent of
 * onnxruntime's, which makes it the reference of the tests.
 */
export function createTfjsEngine(tf: typeof TensorFlow, description: string, threads: number): Engine {
  return { name: 'tfjs', description, threads, compile: (program) => Promise.resolve(interpret(tf, optimize(program))) };
}

function interpret(tf: typeof TensorFlow, program: Program): CompiledProgram {
  const constants = new Map<number, TensorFlow.Tensor>();
  for (const instruction of program.instructions) {
    if (instruction.op === 'constant')
      constants.set(instruction.output.id, tf.tensor(instruction.data, [...instruction.output.shape], instruction.output.type));
  }
  const lastUses = findLastUses(program);
  return {
    run: (inputs) => execute(tf, program, constants, lastUses, inputs),
    dispose: () => {
      tf.dispose([...constants.values()]);
      return Promise.resolve();
    },
  };
}

async function execute(
  tf: typeof TensorFlow,
  program: Program,
  constants: ReadonlyMap<number, TensorFlow.Tensor>,
  lastUses: ReadonlyMap<Instruction, readonly number[]>,
  inputs: Tensors,
): Promise<Tensors> {
  const values = new Map(constants);
  try {
    for (const instruction of program.instructions) {
      if (instruction.op !== 'constant') {
        values.set(
          instruction.output.id,
          instruction.op === 'input' ? feed(tf, instruction, inputs) : tf.tidy(() => evaluateInstruction(tf, instruction, lookUp(values))),
        );
      }
      for (const id of lastUses.get(instruction) ?? []) {
        if (!constants.has(id)) values.get(id)?.dispose();
        values.delete(id);
      }
    }
    const outputs: Record<string, TensorData> = {};
    for (const [name, { id }] of Object.entries(program.outputs)) {
      // A copy, since the CPU backend hands out its own memory.
      outputs[name] = (await lookUp(values)(id).data()).slice();
    }
    return outputs;
  } finally {
    for (const [id, value] of values) if (!constants.has(id)) value.dispose();
  }
}

function feed(
  tf: typeof TensorFlow,
  { name, output: { type, shape } }: Extract<Instruction, { op: 'input' }>,
  inputs: Tensors,
): TensorFlow.Tensor {
  const data = inputs[name];
  if (data === undefined) throw new RangeError(`input "${name}" is missing`);
  if (data.length !== elements(shape)) throw new RangeError(`input "${name}" has ${data.length} elements, not [${shape.join(', ')}]`);
  return tf.tensor(data, [...shape], type);
}

function lookUp(values: ReadonlyMap<number, TensorFlow.Tensor>): (id: number) => TensorFlow.Tensor {
  return (id) => {
    const value = values.get(id);
    if (value === undefined) throw new Error(`tensor ${id} is used before it is computed`);
    return value;
  };
}

/** The ids of the tensors whose last reader is an instruction: their memory is freed after it. */
function findLastUses(program: Program): ReadonlyMap<Instruction, readonly number[]> {
  const seen = new Set(Object.values(program.outputs).map((output) => output.id));
  const lastUses = new Map<Instruction, readonly number[]>();
  for (const instruction of [...program.instructions].reverse()) {
    const ids = [...operandsOf(instruction), instruction.output].map((operand) => operand.id);
    lastUses.set(
      instruction,
      [...new Set(ids)].filter((id) => !seen.has(id)),
    );
    for (const id of ids) seen.add(id);
  }
  return lastUses;
}
