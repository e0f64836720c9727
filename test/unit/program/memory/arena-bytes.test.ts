import { describe, expect, it } from 'vitest';
import { arenaBytes } from '../../../../src/core/program/memory/arena-bytes.ts';
import { executionOrder } from '../../../../src/core/program/memory/execution-order.ts';
import type { MemoryNode, Value } from '../../../../src/core/program/memory/memory-nodes.ts';

const kibibyte = 1024;

function value(id: number, form = 'a', bytes = kibibyte): Value {
  return { id, bytes, form };
}

function node(reads: readonly number[], gives: readonly Value[], more: Partial<MemoryNode> = {}): MemoryNode {
  return { reads, gives, inPlace: false, workspace: 0, view: false, ...more };
}

const input = new Set([0]);

describe('the order of execution', () => {
  it('goes back from what nothing reads, the last listed first', () => {
    const [first, second, last] = [node([0], [value(1)]), node([0], [value(2)]), node([1, 2], [value(3)])];
    expect(executionOrder([first, second, last])).toEqual([second, first, last]);
  });

  it('leaves what is only packed at the end to the end', () => {
    // 1 -> 2 -> 3 backwards through a network, 4 and 5 the gradients of filters on the way, 6 all of them packed.
    const chain = [node([0], [value(1)]), node([1], [value(4)]), node([1], [value(2)]), node([2], [value(5)]), node([2], [value(3)])];
    const packed = node([4, 5, 3], [value(6)]);
    const order = executionOrder([...chain, packed]);
    expect(order.map(({ gives }) => gives[0]?.id)).toEqual([1, 2, 3, 5, 4, 6]);
  });

  it('runs every node once, also one that reads what it gives', () => {
    expect(executionOrder([node([0, 1], [value(1)]), node([1], [value(2)])])).toHaveLength(2);
  });
});

describe('bytes of the arena', () => {
  it('are those of all values alive at once', () => {
    expect(arenaBytes([node([0], [value(1)]), node([1], [value(2, 'b')]), node([1, 2], [value(3, 'c')])], input)).toBe(3 * kibibyte);
  });

  it('do not count what lies elsewhere, nor views', () => {
    const nodes = [node([0], [value(1)], { view: true }), node([1], [value(2)]), node([2], [value(3, 'b')], { view: true })];
    expect(arenaBytes(nodes, input)).toBe(kibibyte);
    // An output by its view.
    expect(arenaBytes(nodes, new Set([0, 3]))).toBe(0);
  });

  it('are less by what is written over', () => {
    const nodes = (inPlace: boolean) => [node([0], [value(1)]), node([1], [value(2, 'b')], { inPlace })];
    expect(arenaBytes(nodes(false), input)).toBe(2 * kibibyte);
    expect(arenaBytes(nodes(true), input)).toBe(kibibyte);
  });

  it('hold a buffer that is used again, while a value of another form needs its own', () => {
    // 1 is dead when 2 is made, but 4 takes its buffer later, so that 3 cannot.
    const nodes = [node([0], [value(1)]), node([1], [value(2, 'b')]), node([2], [value(3, 'c')]), node([3], [value(4)])];
    expect(arenaBytes(nodes, input)).toBe(3 * kibibyte);
    expect(arenaBytes(nodes.slice(0, 3), input)).toBe(2 * kibibyte);
  });

  it('count a workspace while its node runs', () => {
    expect(arenaBytes([node([0], [value(1)], { workspace: 3 * kibibyte }), node([1], [value(2, 'b')])], input)).toBe(4 * kibibyte);
  });
});
