import type { Builder, Offset } from 'flatbuffers';
import { bytesVector, floatsVector, intsVector, longsVector, offsetsVector } from './vectors.ts';

/** A field of a table; a value that is the default is left out. */
export interface Field {
  readonly slot: number;
  readonly type: 'int8' | 'int32' | 'float32' | 'offset';
  readonly value: number;
  readonly default?: number | undefined;
}

/** Offsets to vectors, strings and tables; 0 is none. */
export function offsetField(slot: number, value: Offset): Field {
  return { slot, type: 'offset', value };
}

export function int32Field(slot: number, value: number, defaultValue = 0): Field {
  return { slot, type: 'int32', value, default: defaultValue };
}

export function int8Field(slot: number, value: number, defaultValue = 0): Field {
  return { slot, type: 'int8', value, default: defaultValue };
}

export function float32Field(slot: number, value: number): Field {
  return { slot, type: 'float32', value };
}

/** Small vectors that lie before the data of a buffer, where its alignment would leave a gap. */
export interface Filler {
  readonly bytes: 8 | 12;
  readonly write: () => void;
}

/** What is stored once: nothing, equal vectors and strings, or equal tables as well. */
export type FileLayout = 'plain' | 'shared' | 'compact';

/** Writes vectors, strings and tables; equal ones once as the layout says, small fields of a compact table side by side. */
export class FlatbufferWriter {
  readonly builder: Builder;
  readonly #isCompact: boolean;
  readonly #written: Map<string, Offset> | undefined;

  constructor(builder: Builder, layout: FileLayout) {
    this.builder = builder;
    this.#isCompact = layout === 'compact';
    this.#written = layout === 'plain' ? undefined : new Map();
  }

  ints(values: readonly number[]): Offset {
    return this.#once(`ints ${values.join()}`, () => intsVector(this.builder, values));
  }

  floats(values: readonly number[]): Offset {
    return this.#once(`floats ${values.join()}`, () => floatsVector(this.builder, values));
  }

  /** A compact file has one zero point where all are equal. */
  zeroPoints(values: readonly number[]): Offset {
    const [first = 0] = values;
    const stored = this.#isCompact && values.every((value) => value === first) ? [first] : values;
    return this.#once(`longs ${stored.join()}`, () => longsVector(this.builder, stored));
  }

  /** No field at all for an empty text in a compact file. */
  string(text: string): Offset {
    if (this.#isCompact && text === '') return 0;
    return this.#once(`string ${text}`, () => this.builder.createString(text));
  }

  bytes(data: Uint8Array, alignment: number): Offset {
    return bytesVector(this.builder, data, alignment);
  }

  offsets(offsets: readonly Offset[]): Offset {
    return offsetsVector(this.builder, offsets);
  }

  /** Equal tables of a compact file are one, whatever they are of: what refers to them says how they are read. */
  table(slots: number, fields: readonly Field[]): Offset {
    if (!this.#isCompact) return this.#table(slots, fields);
    const sorted = [...fields].sort((a, b) => byteSize(a) - byteSize(b));
    return this.#once(`table ${JSON.stringify(sorted)}`, () => this.#table(slots, sorted));
  }

  /**
   * Writes small vectors into the gap that aligned data of `length` bytes would leave behind them, each at most once;
   * what refers to an equal vector later finds it there.
   *
   * @param fillers what may be written; those that are used are taken out
   */
  fillGap(length: number, alignment: number, fillers: Filler[]): void {
    const gap = (): number => (alignment - ((this.builder.offset() + length) % alignment)) % alignment;
    for (let left = gap(); left >= 8; left = gap()) {
      // Offsets count from the end of the file, which will be aligned, so a gap of 8 holds no vector of 12.
      const index = fillers.findIndex(({ bytes }) => bytes === left);
      const [filler] = fillers.splice(index >= 0 ? index : fillers.findIndex(({ bytes }) => bytes < left), 1);
      if (filler === undefined || filler.bytes > left) return;
      filler.write();
    }
  }

  #table(slots: number, fields: readonly Field[]): Offset {
    const { builder } = this;
    builder.startObject(slots);
    for (const field of fields) addField(builder, field);
    return builder.endObject();
  }

  #once(key: string, write: () => Offset): Offset {
    const known = this.#written?.get(key);
    if (known !== undefined) return known;
    const offset = write();
    this.#written?.set(key, offset);
    return offset;
  }
}

function addField(builder: Builder, { slot, type, value, default: defaultValue = 0 }: Field): void {
  switch (type) {
    case 'int8':
      builder.addFieldInt8(slot, value, defaultValue);
      return;
    case 'int32':
      builder.addFieldInt32(slot, value, defaultValue);
      return;
    case 'float32':
      builder.addFieldFloat32(slot, value, defaultValue);
      return;
    case 'offset':
      builder.addFieldOffset(slot, value, 0);
      return;
  }
}

function byteSize({ type }: Field): number {
  return type === 'int8' ? 1 : 4;
}
