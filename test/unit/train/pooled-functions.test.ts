import { describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import { lowerNetwork } from '../../../src/core/lowering/lower-network.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { gradient } from '../../../src/core/program/gradient.ts';
import { optimize } from '../../../src/core/program/optimize.ts';
import type { Program } from '../../../src/core/program/program.ts';
import { fakeQuantize } from '../../../src/core/quantize/fake-quantize.ts';
import { seededParameter } from './training-fixtures.ts';

const engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });

/** `relu`, rounded to codes 0 to 255, and the maximum of windows of 2 x 2; with the gradient of the sum of the results. */
function pooled(isRounded: boolean): Program {
  const b = new NetworkBuilder('pooled');
  const image = b.input([2, 4, 1]);
  const activation = b.activation('relu', image, 'relu');
  const network = b.build([b.pool2d('pool', activation, 'max', [2, 2])]);
  const builder = createProgramBuilder();
  const x = builder.input('x', [1, 2, 4, 1]);
  const range = { minimum: builder.scalar(0), maximum: builder.scalar(255), scale: builder.scalar(1) };
  const { values } = lowerNetwork(builder, network, {
    batchSize: 1,
    mode: 'inference',
    inputs: [x],
    parameter: () => builder.scalar(0),
    transform: (id, value) => (isRounded && id === activation ? value.nonDecreasing((y) => fakeQuantize(builder, y, range)) : value),
  });
  const y = values.get(network.outputs[0] ?? '')?.batchMajor;
  if (y === undefined) throw new Error('the output is not computed');
  const [dx] = gradient(builder, builder.sum(y), [x]);
  return builder.build({ y, ...(dx === undefined ? {} : { dx }) });
}

async function results(program: Program, x: readonly number[]): Promise<Record<string, readonly number[]>> {
  const compiled = await engine.compile(program);
  const found = await compiled.run({ x: Float32Array.from(x) });
  await compiled.dispose();
  return Object.fromEntries(Object.entries(found).map(([name, values]) => [name, [...values]]));
}

describe('functions that never fall, before a maximum', () => {
  it('give what they give behind it, and the gradient to the largest element above zero', async () => {
    // Windows: 1, -2, 3, 3 and -1, 0, -4, -2.
    const found = await results(pooled(false), [1, -2, -1, 0, 3, 3, -4, -2]);
    expect(found).toEqual({ y: [3, 0], dx: [0, 0, 0, 0, 1, 0, 0, 0] });
  });

  it('round, and of elements of the same code the largest has the gradient', async () => {
    // Windows: 0.6, 0.9, 1.4, 1.2 (all code 1) and 300 (cut at 255, where no gradient passes), 7, -1, 0.
    const found = await results(pooled(true), [0.6, 0.9, 300, 7, 1.4, 1.2, -1, 0]);
    expect(found).toEqual({ y: [1, 255], dx: [0, 0, 0, 0, 1, 0, 0, 0] });
  });

  it('are computed of the maximum alone', () => {
    const { instructions } = optimize(pooled(true));
    const sizes = instructions.flatMap((each) =>
      'output' in each && each.op !== 'maxPool2d' && ['unary', 'binary'].includes(each.op)
        ? [each.output.shape.reduce((product, length) => product * length, 1)]
        : [],
    );
    expect(sizes.length).toBeGreaterThan(3);
    expect(Math.max(...sizes)).toBe(2);
  });
});

describe('a convolution of one channel', () => {
  const convolved = (isRead: boolean, dilation = 1): Program => {
    const b = new NetworkBuilder('convolved');
    const conv = b.conv2d('conv', b.input([6, 6, 1]), {
      kernel: seededParameter([2, 3, 3, 1], 1),
      dilations: [dilation, dilation],
      activation: 'relu',
    });
    const pool = b.pool2d('pool', conv, 'max', [2, 2]);
    const network = b.build(isRead ? [pool, conv] : [pool]);
    const builder = createProgramBuilder();
    const { values } = lowerNetwork(builder, network, {
      batchSize: 1,
      mode: 'inference',
      inputs: [builder.input('x', [1, 6, 6, 1])],
      parameter: (id) => {
        const { shape, data } = network.parameters.get(id)!;
        return builder.constant(data, shape);
      },
    });
    return optimize(builder.build(Object.fromEntries(network.outputs.map((id, index) => [`y${index}`, values.get(id)!.batchMajor]))));
  };
  const operations = (program: Program): readonly string[] =>
    program.instructions.map((each) => (each.op === 'binary' ? each.function : each.op));

  it('whose maxima of tiles alone are used is computed place by place, and the pooling is three maxima', () => {
    const found = operations(convolved(false));
    expect(found.filter((name) => name === 'matmul')).toHaveLength(4);
    expect(found.filter((name) => name === 'max')).toHaveLength(3);
    expect(found).not.toContain('maxPool2d');
  });

  it('that is read otherwise too is computed once', () => {
    const found = operations(convolved(true));
    expect(found.filter((name) => name === 'matmul')).toHaveLength(1);
    expect(found).toContain('maxPool2d');
  });

  it('whose windows are much larger than its kernel is computed once', () => {
    expect(operations(convolved(false, 2)).filter((name) => name === 'matmul')).toHaveLength(1);
  });

  it('gives the same maxima either way', async () => {
    const x = Float32Array.from({ length: 36 }, (_, index) => ((index * 17) % 23) / 23 - 0.5);
    const [alone, read] = await Promise.all([convolved(false), convolved(true)].map((program) => results(program, [...x])));
    expect(alone?.['y0']).toHaveLength(8);
    expect(alone?.['y0']).toEqual(read?.['y0']);
  });
});
