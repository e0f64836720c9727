import { describe, expect, it } from 'vitest';
import {
  bytes,
  doubles,
  float,
  floats,
  int64,
  int64s,
  nested,
  nestedList,
  optionalInt64,
  string,
  strings,
} from '../../../src/core/protobuf/fields.ts';
import { decode, encode, message } from '../../../src/core/protobuf/message.ts';

const inner = message({ size: optionalInt64(1), label: string(2) });
const outer = message({
  count: int64(1),
  ratio: float(2),
  name: string(3),
  raw: bytes(4),
  sizes: int64s(5),
  values: floats(6),
  exact: doubles(7),
  words: strings(8),
  first: nested(9, inner),
  all: nestedList(10, inner),
});

describe('encode', () => {
  // The examples of protobuf.dev/programming-guides/encoding.
  it.each([
    [{ count: 150 }, [0x08, 0x96, 0x01]],
    [{ count: -1 }, [0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]],
    [{ name: 'testing' }, [0x1a, 0x07, 0x74, 0x65, 0x73, 0x74, 0x69, 0x6e, 0x67]],
    [{ sizes: [3, 270, 86942] }, [0x2a, 0x06, 0x03, 0x8e, 0x02, 0x9e, 0xa7, 0x05]],
    [{ first: { size: 0 } }, [0x4a, 0x02, 0x08, 0x00]],
    [{ count: 0, name: '', all: [] }, []],
  ])('writes %j as the specification does', (value, expected) => {
    expect([...encode(outer, value)]).toEqual(expected);
  });
});

describe('decode', () => {
  it('reads back what was written, with the default of what was not', () => {
    const value = {
      count: -7,
      ratio: 0.5,
      name: 'Größe',
      raw: Uint8Array.of(0, 255),
      sizes: [0, -1, 2 ** 40],
      values: [1.5, -2],
      exact: [0.1],
      words: ['', 'b'],
      first: { size: 3, label: 'x'.repeat(300) },
      all: [
        { size: undefined, label: 'a' },
        { size: 0, label: '' },
      ],
    };
    expect(decode(outer, encode(outer, value), 'file')).toEqual(value);
    expect(decode(outer, new Uint8Array(), 'file')).toEqual({
      count: 0,
      ratio: 0,
      name: '',
      raw: new Uint8Array(),
      sizes: [],
      values: [],
      exact: [],
      words: [],
      first: undefined,
      all: [],
    });
  });

  it('reads repeated numbers that are not packed, skips fields that are not declared, and merges a message that comes twice', () => {
    const notPacked = [0x28, 0x03, 0x28, 0x04];
    const unknown = [0xa2, 0x06, 0x02, 0x01, 0x02];
    const twice = [0x4a, 0x02, 0x08, 0x05, 0x4a, 0x03, 0x12, 0x01, 0x61];
    const read = decode(outer, Uint8Array.from([...notPacked, ...unknown, ...twice]), 'file');
    expect(read.sizes).toEqual([3, 4]);
    expect(read.first).toEqual({ size: 5, label: 'a' });
  });

  it('rounds integers beyond 2^53, as "to the end" is written', () => {
    const largest = [0x28, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f];
    expect(decode(outer, Uint8Array.from(largest), 'file').sizes).toEqual([2 ** 63]);
  });

  it.each([
    ['a varint without an end', [0x08, 0xff]],
    ['text beyond the end', [0x1a, 0x07, 0x74]],
    ['a message that ends within a field of its own', [0x4a, 0x02, 0x12, 0x05]],
    ['a message beyond the end', [0x4a, 0x7f, 0x08, 0x00]],
    ['a number where text is declared', [0x18, 0x01]],
    ['field number 0', [0x00, 0x00]],
  ])('refuses %s', (_, content) => {
    expect(() => decode(outer, Uint8Array.from(content), 'model.pb')).toThrowError(
      expect.objectContaining({ code: 'invalid-model', where: 'model.pb' }) as Error,
    );
  });
});
