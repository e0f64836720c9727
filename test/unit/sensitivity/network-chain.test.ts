import { beforeAll, describe, expect, it } from 'vitest';
import { createEngine } from '../../../src/core/engine/create-engine.ts';
import type { CompiledProgram, Engine } from '../../../src/core/engine/engine.ts';
import { compileInference } from '../../../src/core/lowering/inference.ts';
import { NetworkBuilder } from '../../../src/core/network/network-builder.ts';
import type { Network } from '../../../src/core/network/network.ts';
import { normalizedError } from '../../../src/core/sensitivity/compare-outputs.ts';
import { OutputDivergence } from '../../../src/core/sensitivity/divergence.ts';
import { piecesOf } from '../../../src/core/sensitivity/network-parts.ts';
import { kernelsOf } from '../../../src/core/techniques/kernels.ts';
import { halves, seededParameter } from '../train/training-fixtures.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await createEngine({ name: 'onnxruntime-node', threads: 1 });
});
const data = halves(48);

/**
 * Nine kernels in three pieces, two outputs, a value that passes by a whole piece, a branch that the second output alone
 * depends on, and two layers of one kernel in different pieces.
 */
function branchedNetwork(): Network {
  const b = new NetworkBuilder('branched');
  const dense = (name: string, x: string, outputs: number, inputs: number, seed: number): string =>
    b.activation(`${name}-tanh`, b.dense(name, x, { kernel: seededParameter([outputs, inputs], seed) }), 'tanh');
  const x = b.flatten('flatten', b.input([4, 4, 1]));
  const start = dense('a', x, 8, 16, 1);
  const side = dense('side', x, 8, 16, 2);
  let trunk = start;
  for (const [index, name] of ['b', 'c', 'd', 'e'].entries()) trunk = dense(name, trunk, 8, 8, 3 + index);
  trunk = b.binary('skip', 'add', trunk, start);
  const left = dense('left', dense('f', trunk, 8, 8, 8), 3, 8, 9);
  const right = dense('right', side, 3, 8, 10);
  const network = b.build([left, right]);
  // "f" takes the kernel of "b".
  return {
    ...network,
    operations: network.operations.map((each) => (each.kind === 'dense' && each.layer === 'f' ? { ...each, kernel: 'b/kernel' } : each)),
  };
}

async function outputsOf(network: Network, inputs: readonly Float32Array[], size: number): Promise<readonly Float32Array[]> {
  const inference = await compileInference(engine, network, size);
  try {
    return await inference.run(inputs, size);
  } finally {
    await inference.dispose();
  }
}

describe('a network in pieces', () => {
  it('is cut before every third kernel', () => {
    const layers = piecesOf(branchedNetwork()).map(({ operations }) =>
      operations.flatMap((each) => (each.kind === 'dense' ? each.layer : [])),
    );
    expect(layers).toEqual([
      ['a', 'side', 'b'],
      ['c', 'd', 'e'],
      ['f', 'left', 'right'],
    ]);
  });

  it('gives what the whole network gives with another kernel', async () => {
    const network = branchedNetwork();
    const examples = await data.read(Uint32Array.of(0, 5, 11, 17, 30));
    const divergence = await OutputDivergence.open({ engine, network, kind: 'normalized squared error', examples });
    const whole = await outputsOf(network, examples.inputs, 5);
    for (const { parameter, data: weights, shape } of kernelsOf(network)) {
      const changed = weights.map((weight, i) => (i % 3 === 0 ? 0 : weight));
      const from = await divergence.from(parameter);
      const found = await from.of(changed);
      // The second time the arrays of all programs have been used before.
      expect(await from.of(changed)).toBe(found);
      expect(await from.of(weights)).toBeLessThan(1e-9);
      await from.dispose();
      const other = await outputsOf(
        { ...network, parameters: new Map(network.parameters).set(parameter, { shape, data: changed }) },
        examples.inputs,
        5,
      );
      const expected = whole.reduce((sum, values, index) => sum + normalizedError(values, other[index] ?? []) / 2, 0);
      expect(found).toBeGreaterThan(1e-4);
      expect(found / expected).toBeCloseTo(1, 4);
    }
    await divergence.dispose();
  });

  it('compiles pieces once for all layers before them, and lets go of all programs', async () => {
    let alive = 0;
    let compiled = 0;
    const counting: Engine = {
      ...engine,
      async compile(program): Promise<CompiledProgram> {
        const own = await engine.compile(program);
        alive++;
        compiled++;
        return {
          run: (inputs) => own.run(inputs),
          dispose: () => {
            alive--;
            return own.dispose();
          },
        };
      },
    };
    const network = branchedNetwork();
    const examples = await data.read(Uint32Array.of(1, 2));
    const divergence = await OutputDivergence.open({ engine: counting, network, kind: 'normalized squared error', examples });
    const kernels = kernelsOf(network);
    for (const { parameter, data: weights } of kernels) {
      const from = await divergence.from(parameter);
      await from.of(weights);
      await from.dispose();
    }
    // The whole network, three pieces, what is read within each range of pieces ("b" is in the first and the last), and each changed part.
    expect(compiled).toBeLessThanOrEqual(1 + 3 + 5 + kernels.length);
    await divergence.dispose();
    expect(alive).toBe(0);
  });
});
