import { describe, expect, it } from 'vitest';
import { encodeOnnxModel, type OnnxModel } from '../../../src/core/engine/onnxruntime/onnx-model.ts';

/** A field as it stands on the wire: a number, four bytes, or a run of bytes. */
type Field = readonly [field: number, value: bigint | Uint8Array];

/** The wire format read back by its specification alone: 0 is a varint, 2 a length and bytes, 5 four bytes. */
function decode(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++] ?? 0;
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const tag = Number(varint());
    const [field, wireType] = [tag >> 3, tag & 7];
    if (wireType === 0) fields.push([field, varint()]);
    else {
      const length = wireType === 5 ? 4 : Number(varint());
      fields.push([field, bytes.slice(at, at + length)]);
      at += length;
    }
  }
  return fields;
}

function all(message: Uint8Array, field: number): Uint8Array[] {
  return decode(message).flatMap(([number, value]) => (number === field && value instanceof Uint8Array ? [value] : []));
}

function one(message: Uint8Array, field: number): Uint8Array {
  const [value] = all(message, field);
  if (value === undefined) throw new Error(`no field ${field}`);
  return value;
}

function number(message: Uint8Array, field: number): bigint | undefined {
  const found = decode(message).find(([candidate]) => candidate === field)?.[1];
  return typeof found === 'bigint' ? found : undefined;
}

function packed(bytes: Uint8Array): bigint[] {
  const numbers: bigint[] = [];
  let current = 0n;
  let shift = 0n;
  for (const byte of bytes) {
    current |= BigInt(byte & 127) << shift;
    shift += 7n;
    if (byte < 128) {
      numbers.push(BigInt.asIntN(64, current));
      current = 0n;
      shift = 0n;
    }
  }
  return numbers;
}

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

const model: OnnxModel = {
  nodes: [
    {
      op: 'Conv',
      domain: '',
      inputs: ['x', 'w', ''],
      outputs: ['c'],
      attributes: { pads: { integers: [0, 300, -1, 2] }, group: { integer: 3 } },
    },
    {
      op: 'FusedMatMul',
      domain: 'com.microsoft',
      inputs: ['c', 'c'],
      outputs: ['y'],
      attributes: { alpha: { float: 0.5 }, mode: { string: 'add' } },
    },
  ],
  initializers: [{ name: 'w', type: 'float32', shape: [2, 1], data: Float32Array.of(1.5, -2) }],
  inputs: [{ name: 'x', type: 'int32', shape: [2, 200] }],
  outputs: [{ name: 'y', type: 'bool', shape: [] }],
};

describe('encodeOnnxModel', () => {
  const bytes = encodeOnnxModel(model);
  const graph = one(bytes, 7);

  it('names the versions of the operator sets', () => {
    expect(number(bytes, 1)).toBe(9n);
    // The standard set's name is empty, which is a default that is not written.
    expect(all(bytes, 8).map((set) => [all(set, 1).map(text), number(set, 2)])).toEqual([
      [[], 18n],
      [['com.microsoft'], 1n],
    ]);
  });

  it('writes nodes with inputs, outputs, operator and domain', () => {
    const nodes = all(graph, 1);
    expect(nodes.map((node) => [text(one(node, 4)), all(node, 1).map(text), all(node, 2).map(text), all(node, 7).map(text)])).toEqual([
      ['Conv', ['x', 'w', ''], ['c'], []],
      ['FusedMatMul', ['c', 'c'], ['y'], ['com.microsoft']],
    ]);
  });

  it('writes attributes of each kind, with their kind', () => {
    const [pads, group, alpha, mode] = all(graph, 1).flatMap((node) => all(node, 5));
    if (pads === undefined || group === undefined || alpha === undefined || mode === undefined) throw new Error('attributes are missing');
    expect([text(one(pads, 1)), packed(one(pads, 8)), number(pads, 20)]).toEqual(['pads', [0n, 300n, -1n, 2n], 7n]);
    expect([text(one(group, 1)), number(group, 3), number(group, 20)]).toEqual(['group', 3n, 2n]);
    expect([text(one(alpha, 1)), new DataView(one(alpha, 2).buffer).getFloat32(0, true), number(alpha, 20)]).toEqual(['alpha', 0.5, 1n]);
    expect([text(one(mode, 1)), text(one(mode, 4)), number(mode, 20)]).toEqual(['mode', 'add', 3n]);
  });

  it('writes constants as raw bytes, and the types and shapes of inputs and outputs', () => {
    const constant = one(graph, 5);
    expect([text(one(constant, 8)), packed(one(constant, 1)), number(constant, 2)]).toEqual(['w', [2n, 1n], 1n]);
    expect([...new Float32Array(one(constant, 9).buffer)]).toEqual([1.5, -2]);
    const [input, output] = [one(graph, 11), one(graph, 12)];
    const tensor = one(one(input, 2), 1);
    expect([text(one(input, 1)), number(tensor, 1), all(one(tensor, 2), 1).map((dimension) => number(dimension, 1))]).toEqual([
      'x',
      6n,
      [2n, 200n],
    ]);
    expect([text(one(output, 1)), number(one(one(output, 2), 1), 1)]).toEqual(['y', 9n]);
  });
});
