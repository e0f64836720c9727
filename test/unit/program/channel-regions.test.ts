import { describe, expect, it } from 'vitest';
import { createProgramBuilder } from '../../../src/core/program/builder.ts';
import { channelRegions, type ProgramPart } from '../../../src/core/program/channel-regions.ts';
import type { Program, Tensor } from '../../../src/core/program/program.ts';

/** Of 12 rows of 64 floats, 3,072 bytes, blocks of 1,024 bytes have 4 rows. */
const blockBytes = 1024;

function regionsOf(program: Program): Extract<ProgramPart, { kind: 'region' }>[] {
  return channelRegions(program, blockBytes).flatMap((part) => (part.kind === 'region' ? [part] : []));
}

function idsOf(tensors: readonly Tensor[]): number[] {
  return tensors.map(({ id }) => id);
}

/** Each part comes behind all parts that compute what it reads. */
function expectRunnable(program: Program): void {
  const known = new Set<number>();
  for (const part of channelRegions(program, blockBytes)) {
    const computed = part.kind === 'instruction' ? [part.instruction] : part.members.map(({ instruction }) => instruction);
    const own = new Set(computed.map(({ output }) => output.id));
    const read = part.kind === 'region' ? part.inputs : [];
    for (const { id } of read) expect(known.has(id) && !own.has(id)).toBe(true);
    for (const id of part.kind === 'region' ? [...idsOf(part.outputs), ...part.views.map(({ output }) => output.id)] : own) known.add(id);
  }
  for (const { id } of Object.values(program.outputs)) expect(known.has(id)).toBe(true);
}

describe('regions of channels', () => {
  it('takes a chain along the channels as one, in blocks that divide their number and fit', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [12, 64]);
    const mean = builder.mean(x, [1], true);
    const y = builder.relu(builder.sub(x, mean));
    const program = builder.build({ y });
    const [region, ...others] = regionsOf(program);
    expect(others).toEqual([]);
    expect(region?.block).toBe(4);
    expect(region?.members).toHaveLength(3);
    expect(idsOf(region?.inputs ?? [])).toEqual([x.id]);
    expect(idsOf(region?.outputs ?? [])).toEqual([y.id]);
    expectRunnable(program);
  });

  it('ends a region where the way back to it leads through something else', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [12, 64]);
    const a = builder.relu(builder.neg(builder.tanh(x)));
    const mixed = builder.matmul(builder.input('w', [12, 12]), a);
    const y = builder.tanh(builder.add(builder.mul(mixed, a), x));
    const program = builder.build({ y });
    expect(regionsOf(program).map(({ members }) => members.length)).toEqual([3, 3]);
    expectRunnable(program);
  });

  it('keeps apart what needs a tensor whole from what needs its slices', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [64, 64]);
    const a = builder.tanh(builder.neg(x));
    const column = builder.mean(a, [1]);
    // [64] against [64, 64] lies along the last axis: all of it is needed for each row.
    const y = builder.relu(builder.tanh(builder.add(a, column)));
    const program = builder.build({ y });
    for (const { members } of regionsOf(program)) {
      const computed = new Set(members.map(({ instruction }) => instruction.output.id));
      expect(computed.has(column.id) && computed.has(y.id)).toBe(false);
    }
    expectRunnable(program);
  });

  it('gives out what a view is of, and makes the view once more outside', () => {
    const builder = createProgramBuilder();
    const x = builder.input('x', [12, 64]);
    const y = builder.relu(builder.neg(builder.tanh(x)));
    const view = builder.reshape(y, [12, 8, 8]);
    const [region] = regionsOf(builder.build({ view }));
    expect(idsOf(region?.outputs ?? [])).toEqual([y.id]);
    expect(region?.views.map(({ output }) => output.id)).toEqual([view.id]);
  });

  it('leaves small tensors, single passes and numbers of channels without a fitting divisor alone', () => {
    const chain = (shape: readonly number[], length: number): Program => {
      const builder = createProgramBuilder();
      let y = builder.input('x', shape);
      for (let i = 0; i < length; i++) y = builder.tanh(y);
      return builder.build({ y });
    };
    expect(regionsOf(chain([12, 64], 3))).toHaveLength(1);
    expect(regionsOf(chain([12, 40], 3))).toHaveLength(0);
    expect(regionsOf(chain([12, 64], 2))).toHaveLength(0);
    // 997 is a prime: blocks of one row of 4 bytes.
    expect(regionsOf(chain([997], 3))).toHaveLength(0);
  });
});
