import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { createProgramBuilder, type ProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import type { Tensor } from '../../../src/core/program/program.ts';
import { differentiableCases } from './differentiable-cases.ts';
import { gradientError } from './finite-differences.ts';

describe('gradient', () => {
  it.each(Object.entries(differentiableCases))('of %s agrees with central differences', async (_, differentiated) => {
    expect(await gradientError(differentiated)).toBeLessThan(5e-3);
  });

  it('goes straight through to the latent, and not to the value', async () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [3]);
    const loss = builder.sum(builder.square(builder.straightThrough(builder.round(x), x)));
    const [g] = gradient(builder, loss, [x]);
    expect(await evaluate(builder, g, { x: Float32Array.of(0.2, 1.4, -2.6) })).toEqual([0, 2, -6]);
  });

  it('stops where it is told to', async () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [2]);
    const [g] = gradient(builder, builder.sum(builder.mul(x, builder.stopGradient(x))), [x]);
    expect(await evaluate(builder, g, { x: Float32Array.of(3, -5) })).toEqual([3, -5]);
  });

  it('is zeros for a parameter the loss does not depend on', async () => {
    const builder = createProgramBuilder();
    const [x, y] = [builder.input('x', [2]), builder.input('y', [2, 2])];
    const [, g] = gradient(builder, builder.sum(x), [x, y]);
    expect(g?.shape).toEqual([2, 2]);
    expect(await evaluate(builder, g, { x: new Float32Array(2), y: new Float32Array(4) })).toEqual([0, 0, 0, 0]);
  });

  it('at a kink takes the side that is documented', async () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [3]);
    const y = builder.add(builder.relu(x), builder.mul(builder.clip(x, -1, 1), 10));
    const [g] = gradient(builder, builder.sum(y), [x]);
    expect(await evaluate(builder, g, { x: Float32Array.of(-1, 0, 1) })).toEqual([10, 10, 11]);
  });

  it('of maxPool2d goes to the first of equal inputs', async () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [1, 1, 2, 2]);
    const [g] = gradient(builder, builder.sum(builder.maxPool2d(x, [2, 2], [2, 2], [0, 0, 0, 0])), [x]);
    expect(await evaluate(builder, g, { x: Float32Array.of(1, 2, 2, 0) })).toEqual([0, 1, 0, 0]);
  });

  it('refuses a loss that is not one number', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [2]);
    expect(() => gradient(builder, x, [x])).toThrow('the loss is float32 [2], not one float32 number');
  });
});

async function evaluate(
  builder: ProgramBuilder,
  output: Tensor | undefined,
  inputs: Readonly<Record<string, Float32Array>>,
): Promise<number[]> {
  if (output === undefined) throw new Error('no gradient');
  const engine = await createEngine({ threads: 1 });
  const compiled = await engine.compile(builder.build({ output }));
  return [...((await compiled.run(inputs)).output ?? [])];
}
