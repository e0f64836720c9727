import type { Tensor } from '@tensorflow/tfjs';
import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { evaluateInstruction } from '../../../src/core/engine/tfjs/evaluate-instruction.ts';
import { loadTfjs } from '../../../src/core/engine/tfjs/load-tfjs.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { operandsOf } from '../../../src/core/program/operands.ts';
import { optimize } from '../../../src/core/program/optimize.ts';
import type { Program } from '../../../src/core/program/program.ts';
import { randomProgram } from './random-program.ts';

const seeds = Array.from({ length: 20 }, (_, i) => i + 1);

function opsOf(program: Program): string[] {
  return program.instructions.map((instruction) => instruction.op);
}

describe('optimize', () => {
  it('removes what no output needs', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [2]);
    builder.exp(builder.input('unused', [3]));
    expect(opsOf(optimize(builder.build({ y: builder.neg(x) })))).toEqual(['input', 'unary']);
  });

  it('computes a repeated expression once', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [2]);
    const y = builder.mul(builder.exp(builder.add(x, 2)), builder.exp(builder.add(x, 2)));
    expect(opsOf(optimize(builder.build({ y })))).toEqual(['input', 'constant', 'binary', 'unary', 'binary']);
  });

  it('keeps constants apart that share memory but not the place in it', () => {
    const builder = createProgramBuilder();
    const data = Float32Array.from({ length: 40 }, (_, i) => i);
    const y = builder.add(builder.constant(data.subarray(0, 20), [20]), builder.constant(data.subarray(20), [20]));
    expect(opsOf(optimize(builder.build({ y })))).toEqual(['constant', 'constant', 'binary']);
  });

  it('folds arithmetic on scalars and drops operations without effect', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [2]);
    const one = builder.div(builder.scalar(3), builder.scalar(3));
    const y = builder.mul(builder.add(x, builder.sub(one, 1)), one);
    const { instructions, outputs } = optimize(builder.build({ y }));
    expect(instructions.map(({ op }) => op)).toEqual(['input']);
    expect(outputs.y?.id).toBe(x.id);
  });

  it('does not take x * 1 for x where that stretches x', () => {
    const builder = createProgramBuilder();
    const y = builder.mul(builder.input('x', [1]), builder.constant(Float32Array.of(1), [1, 1]));
    expect(optimize(builder.build({ y })).outputs.y?.shape).toEqual([1, 1]);
  });

  it('leaves stretching to the operation that follows', () => {
    const builder = createProgramBuilder();
    const [x, y] = [builder.input('x', [2, 3]), builder.input('y', [3])];
    expect(opsOf(optimize(builder.build({ z: builder.mul(x, builder.broadcastTo(y, [2, 3])) })))).toEqual(['input', 'input', 'binary']);
  });

  it.each(seeds)('leaves every instruction after what it reads, and nothing dead or repeated: seed %i', (seed) => {
    const { program } = randomProgram(seed);
    const once = optimize(program);
    const defined = new Set<number>();
    for (const instruction of once.instructions) {
      for (const operand of operandsOf(instruction)) expect(defined).toContain(operand.id);
      defined.add(instruction.output.id);
    }
    for (const output of Object.values(once.outputs)) expect(defined).toContain(output.id);
    const used = new Set(
      [...once.instructions.flatMap((instruction) => operandsOf(instruction)), ...Object.values(once.outputs)].map(({ id }) => id),
    );
    expect([...defined].filter((id) => !used.has(id))).toEqual([]);
    expect(once.instructions.length).toBeLessThan(program.instructions.length);
    expect(optimize(once).instructions).toHaveLength(once.instructions.length);
  });

  it.each(seeds.slice(0, 5))('does not change what is computed: seed %i', async (seed) => {
    const { program, inputs } = randomProgram(seed);
    const { tf } = await loadTfjs();
    const values = new Map<number, Tensor>();
    const value = (id: number): Tensor => values.get(id) ?? tf.scalar(NaN);
    for (const instruction of program.instructions) {
      const shape = [...instruction.output.shape];
      if (instruction.op === 'input') values.set(instruction.output.id, tf.tensor(inputs[instruction.name] ?? [], shape));
      else if (instruction.op === 'constant')
        values.set(instruction.output.id, tf.tensor(instruction.data, shape, instruction.output.type));
      else values.set(instruction.output.id, evaluateInstruction(tf, instruction, value));
    }
    const optimized = await (await createEngine({ name: 'tfjs' })).compile(program);
    const outputs = await optimized.run(inputs);
    for (const [name, { id }] of Object.entries(program.outputs)) expect(outputs[name]).toEqual(value(id).dataSync());
  });
});
