import { Arena, type Allocation } from './arena.ts';
import type { MemoryNode } from './memory-nodes.ts';

interface Buffer {
  readonly bytes: number;
  readonly form: string;
  /** Position of the last node that uses it, under whatever name. */
  end: number;
}

/**
 * Memory that the engine's arena takes for nodes in the order in which they run. Before the first run the engine gives
 * each value a buffer: that of an operand where it may be written over, else that of a dead value of the same form. A
 * buffer that is used again later is kept in between.
 *
 * @param external ids of values that lie elsewhere: inputs, constants, outputs
 */
export function arenaBytes(order: readonly MemoryNode[], external: ReadonlySet<number>): number {
  const { begins, ends } = plan(order, external);
  const arena = new Arena();
  const held = new Map<Buffer, Allocation>();
  order.forEach(({ workspace }, i) => {
    for (const buffer of begins[i] ?? []) held.set(buffer, arena.allocate(buffer.bytes));
    if (workspace > 0) arena.release(arena.allocate(workspace));
    for (const buffer of ends[i] ?? []) {
      const allocation = held.get(buffer);
      if (allocation !== undefined) arena.release(allocation);
    }
  });
  return arena.touchedBytes;
}

interface Plan {
  /** Buffers that a node is the first to use, and those that it is the last to use. */
  readonly begins: readonly (readonly Buffer[])[];
  readonly ends: readonly (readonly Buffer[])[];
}

function plan(order: readonly MemoryNode[], external: ReadonlySet<number>): Plan {
  const owners = new Map<number, number>();
  const ownerOf = (id: number): number => owners.get(id) ?? id;
  for (const { view, reads, gives } of order) if (view) for (const { id } of gives) owners.set(id, ownerOf(reads[0] ?? id));
  const lies = new Set([...external].map(ownerOf));
  const lastUse = new Map<number, number>();
  order.forEach(({ reads, gives }, i) => [...reads, ...gives.map(({ id }) => id)].forEach((id) => lastUse.set(ownerOf(id), i)));

  const buffers = new Map<number, Buffer>();
  const free: Buffer[] = [];
  const begins = order.map(() => new Array<Buffer>());
  order.forEach(({ reads, gives, inPlace, view }, i) => {
    const operands = [...new Set(reads.map(ownerOf))];
    const taken = new Set<Buffer>();
    for (const { id, bytes, form } of view ? [] : gives) {
      if (lies.has(ownerOf(id))) continue;
      const over = inPlace ? operands.find((operand) => lastUse.get(operand) === i && buffers.get(operand)?.bytes === bytes) : undefined;
      const dead = free.findLastIndex((buffer) => buffer.form === form);
      const buffer = (over === undefined ? undefined : buffers.get(over)) ??
        (dead < 0 ? undefined : free.splice(dead, 1)[0]) ?? { bytes, form, end: i };
      if (buffer.end === i && over === undefined) begins[i]?.push(buffer);
      buffer.end = Math.max(buffer.end, lastUse.get(id) ?? i);
      taken.add(buffer);
      buffers.set(id, buffer);
    }
    for (const id of [...operands, ...gives.map((value) => value.id)]) {
      const buffer = buffers.get(id);
      if (buffer === undefined || lastUse.get(id) !== i) continue;
      if (buffer.end === i && !free.includes(buffer)) free.push(buffer);
    }
  });
  const ends = order.map(() => new Array<Buffer>());
  for (const buffer of new Set(buffers.values())) ends[buffer.end]?.push(buffer);
  return { begins, ends };
}
