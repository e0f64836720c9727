/** The protobuf wire format, as far as reading fields by number needs it. Bounds are checked at every step. */
import { EspalierError } from '../../errors.ts';

export interface Field {
  readonly number: number;
  /** Of varints and fixed-width numbers. */
  readonly value: number;
  /** Of strings, bytes and messages; empty for numbers. */
  readonly bytes: Uint8Array;
}

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  position: number;

  constructor(bytes: Uint8Array, where: string, position = 0) {
    this.#bytes = bytes;
    this.#where = where;
    this.position = position;
  }

  get done(): boolean {
    return this.position >= this.#bytes.length;
  }

  /** Up to 2^53; what is larger is damaged here. */
  varint(): number {
    let value = 0;
    for (let shift = 0; shift < 64; shift += 7) {
      const byte = this.#bytes[this.position++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
    throw this.#damaged();
  }

  take(length: number): Uint8Array {
    if (!(length >= 0) || this.position + length > this.#bytes.length) throw this.#damaged();
    this.position += length;
    return this.#bytes.subarray(this.position - length, this.position);
  }

  #damaged(): EspalierError {
    return new EspalierError('invalid-model', 'is damaged', { where: this.#where, fix: 'save or copy the SavedModel again' });
  }
}

export function readFields(bytes: Uint8Array, where: string): readonly Field[] {
  const reader = new ByteReader(bytes, where);
  const fields: Field[] = [];
  const empty = new Uint8Array();
  while (!reader.done) {
    const tag = reader.varint();
    const number = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        fields.push({ number, value: reader.varint(), bytes: empty });
        break;
      case 1:
        fields.push({ number, value: 0, bytes: reader.take(8) });
        break;
      case 2:
        fields.push({ number, value: 0, bytes: reader.take(reader.varint()) });
        break;
      case 5:
        fields.push({ number, value: 0, bytes: reader.take(4) });
        break;
      default:
        throw new EspalierError('invalid-model', 'is damaged', { where, fix: 'save or copy the SavedModel again' });
    }
  }
  return fields;
}

export function messages(fields: readonly Field[], number: number): readonly Uint8Array[] {
  return fields.filter((field) => field.number === number).map((field) => field.bytes);
}

export function text(fields: readonly Field[], number: number): string {
  return new TextDecoder().decode(messages(fields, number).at(-1) ?? new Uint8Array());
}

export function integer(fields: readonly Field[], number: number): number {
  return fields.findLast((field) => field.number === number)?.value ?? 0;
}
