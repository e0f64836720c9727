import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { planArena } from '../../../src/core/hardware/arena/plan-arena.ts';
import { planGreedily } from '../../../src/core/hardware/arena/greedy-planner.ts';
import { readTflite } from '../../../src/core/tflite/read-tflite.ts';
import { graph, model, operator, tensor } from './tflite-graph.ts';

/** Offsets by name of the buffer. */
const offsets = (...args: Parameters<typeof planArena>): Record<string, number> =>
  Object.fromEntries(planArena(...args).buffers.map(({ name, offset }) => [name, offset]));

describe('greedy planner', () => {
  it('places the largest first, the others in the lowest gap that is free while they are in use', () => {
    // By hand: 100 at 0. 60 overlaps it in time: behind it, at 100. 30 (steps 3 to 4) meets only the 60 at 100, so it fits at 0.
    expect(
      planGreedily([
        { bytes: 60, firstStep: 2, lastStep: 3 },
        { bytes: 100, firstStep: 1, lastStep: 2 },
        { bytes: 30, firstStep: 3, lastStep: 4 },
      ]),
    ).toEqual([100, 0, 0]);
  });

  it('of the same size, the one listed last goes first', () => {
    expect(
      planGreedily([
        { bytes: 16, firstStep: 0, lastStep: 1 },
        { bytes: 16, firstStep: 1, lastStep: 2 },
      ]),
    ).toEqual([16, 0]);
  });

  it('keeps prescribed offsets, even where they overlap, and fills the gaps between them', () => {
    expect(
      planGreedily([
        { bytes: 48, firstStep: 0, lastStep: 3 },
        { bytes: 32, firstStep: 0, lastStep: 3, fixedOffset: 64 },
        { bytes: 32, firstStep: 0, lastStep: 3, fixedOffset: 80 },
        { bytes: 16, firstStep: 0, lastStep: 3 },
      ]),
    ).toEqual([0, 64, 80, 48]);
  });

  it('never lets buffers overlap in time and in memory', () => {
    let state = 7;
    const random = (below: number): number => (state = (state * 48271) % 2147483647) % below;
    for (let round = 0; round < 50; round++) {
      const requests = Array.from({ length: 1 + random(40) }, () => {
        const firstStep = random(20);
        return { bytes: 16 * (1 + random(30)), firstStep, lastStep: firstStep + random(6) };
      });
      const places = planGreedily(requests);
      for (const [i, a] of requests.entries()) {
        for (const [j, b] of requests.entries()) {
          if (i === j || a.firstStep > b.lastStep || b.firstStep > a.lastStep) continue;
          expect(places[i]! + a.bytes <= places[j]! || places[j]! + b.bytes <= places[i]!).toBe(true);
        }
      }
    }
  });
});

describe('arena', () => {
  it('a chain alternates between two places: planned by hand', () => {
    // in 100 -> a 200 -> b 50 -> out 10, rounded up to 112, 208, 64, 16.
    // a goes first, at 0 (steps 1-2). in (0-1) meets a: at 208. b (2-3) meets a only: at 208. out (3-3) meets b: 0 is free.
    const chain = model([
      graph({
        tensors: [tensor('in', [100]), tensor('a', [200]), tensor('b', [50]), tensor('out', [10])],
        inputs: [0],
        outputs: [3],
        operators: [operator('RELU', [0], [1]), operator('RELU', [1], [2]), operator('RELU', [2], [3])],
      }),
    ]);
    expect(offsets(chain, 'reference')).toEqual({ in: 208, a: 0, b: 208, out: 0 });
    expect(planArena(chain, 'reference')).toMatchObject({ bytes: 320, peakStep: 1 });
  });

  it('a shortcut keeps its input alive: planned by hand', () => {
    // in 64 (0-1), a 64 (1-3, read by the ADD), b 32 (2-3), out 64 (3-3). Of the three of 64 the last goes first: out at 0, then a (meets out) at 64,
    // then in (meets a): 0. b meets a and out: 128.
    const residual = model([
      graph({
        tensors: [tensor('in', [64]), tensor('a', [64]), tensor('b', [32]), tensor('out', [64])],
        inputs: [0],
        outputs: [3],
        operators: [operator('RELU', [0], [1]), operator('MEAN', [1], [2]), operator('ADD', [1, 2], [3])],
      }),
    ]);
    expect(offsets(residual, undefined)).toEqual({ in: 0, a: 64, b: 128, out: 0 });
    expect(planArena(residual, undefined)).toMatchObject({ bytes: 160, peakStep: 3 });
  });

  it('leaves constants in flash and variables in the persistent part, and counts int4 activations as bytes', () => {
    const plan = planArena(
      model([
        graph({
          tensors: [
            tensor('in', [16]),
            tensor('state', [64], { isVariable: true }),
            tensor('kernel', [16, 16], { data: new Uint8Array(256) }),
            tensor('out', [32], { type: 'int4' }),
          ],
          inputs: [0],
          outputs: [3],
          operators: [operator('FULLY_CONNECTED', [0, 2, -1], [3])],
        }),
      ]),
      undefined,
    );
    expect(plan.buffers.map(({ name, bytes }) => [name, bytes])).toEqual([
      ['in', 16],
      ['out', 32],
    ]);
  });

  it('plans the subgraphs of control flow in place', () => {
    // The condition's and the body's tensors live while WHILE runs, so its own input and output are beside them.
    const looping = model([
      graph({
        tensors: [tensor('in', [16]), tensor('out', [16])],
        inputs: [0],
        outputs: [1],
        operators: [operator('WHILE', [0], [1], { conditionSubgraph: 1, bodySubgraph: 2 })],
      }),
      graph({ tensors: [tensor('c', [16])], inputs: [0], outputs: [0], operators: [] }),
      graph({ tensors: [tensor('b', [16]), tensor('d', [16])], inputs: [0], outputs: [1], operators: [operator('RELU', [0], [1])] }),
    ]);
    const { steps, buffers, bytes } = planArena(looping, undefined);
    expect(steps.map(({ label }) => label)).toEqual(['input', 'out', 'subgraph 1', 'subgraph 2', 'd']);
    expect(buffers.map(({ name, firstStep, lastStep }) => [name, firstStep, lastStep])).toEqual([
      ['in', 0, 4],
      ['out', 1, 4],
      ['c', 2, 2],
      ['b', 3, 4],
      ['d', 4, 4],
    ]);
    expect(bytes).toBe(64);
  });

  it('refuses a subgraph that calls itself', () => {
    const endless = model([
      graph({
        tensors: [tensor('in', [16])],
        inputs: [0],
        outputs: [0],
        operators: [operator('WHILE', [0], [0], { conditionSubgraph: 0, bodySubgraph: 0 })],
      }),
    ]);
    expect(() => planArena(endless, undefined)).toThrow(/subgraph 0.*calls itself/);
  });
});

const data = process.env['ESPALIER_TEST_DATA'];
describe.skipIf(data === undefined)('arenas of TFLite Micro', () => {
  const folder = data ?? '';
  const measured: Record<string, { readonly head: number }> =
    data === undefined ? {} : JSON.parse(readFileSync(path.join(folder, 'tflm', 'arena.json'), 'utf8'));

  it.each(Object.entries(measured))('%s', (name, { head }) => {
    const place = ['ethos-u/leaves', 'models/tflite'].map((part) => path.join(folder, part, name));
    const bytes = place.flatMap((file) => {
      try {
        return [readFileSync(file)];
      } catch {
        return [];
      }
    })[0]!;
    expect(planArena(readTflite(bytes), 'reference').bytes).toBe(head);
  });
});
