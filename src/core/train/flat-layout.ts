import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { elements } from '../program/shapes.ts';

export interface FlatEntry {
  readonly name: string;
  readonly shape: readonly number[];
  readonly offset: number;
  readonly length: number;
}

/** The place of each tensor in one vector, so that an optimizer is a handful of operations however many layers there are. */
export interface FlatLayout {
  readonly entries: readonly FlatEntry[];
  readonly length: number;
}

export function flatLayout(tensors: Iterable<{ readonly name: string; readonly shape: readonly number[] }>): FlatLayout {
  const entries: FlatEntry[] = [];
  let offset = 0;
  for (const { name, shape } of tensors) {
    const length = elements(shape);
    entries.push({ name, shape, offset, length });
    offset += length;
  }
  return { entries, length: offset };
}

export function pack(layout: FlatLayout, data: (name: string) => Float32Array): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const { name, offset } of layout.entries) flat.set(data(name), offset);
  return flat;
}

/** A vector with one number throughout each tensor's place. */
export function spread(layout: FlatLayout, value: (entry: FlatEntry) => number): Float32Array {
  const flat = new Float32Array(layout.length);
  for (const entry of layout.entries) flat.fill(value(entry), entry.offset, entry.offset + entry.length);
  return flat;
}

/** Views into the vector, by name: they change with it. */
export function unpack(layout: FlatLayout, flat: Float32Array): ReadonlyMap<string, Float32Array> {
  return new Map(layout.entries.map(({ name, offset, length }) => [name, flat.subarray(offset, offset + length)]));
}

export function unpackTensors(builder: ProgramBuilder, layout: FlatLayout, flat: Tensor): ReadonlyMap<string, Tensor> {
  return new Map(
    layout.entries.map(({ name, shape, offset, length }) => [name, builder.reshape(builder.slice(flat, [offset], [length]), shape)]),
  );
}

export function packTensors(builder: ProgramBuilder, layout: FlatLayout, tensor: (name: string) => Tensor): Tensor {
  return builder.concat(
    layout.entries.map(({ name, length }) => builder.reshape(tensor(name), [length])),
    0,
  );
}
