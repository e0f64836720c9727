import { EspalierError } from '../../errors.ts';

/**
 * Bytes of a flatbuffer together with how much of them may still be read. Tables may share parts, so a small file
 * could name one large vector many times; the allowance keeps time and memory proportional to the file.
 */
export class FlatbufferBytes {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  #allowance: number;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#allowance = 65536 + bytes.byteLength * 16;
  }

  /** Notes that `count` bytes at `position` are read; throws when they are not all in the file. */
  claim(position: number, count: number, path: string): void {
    if (position < 0 || count < 0 || position + count > this.bytes.byteLength) {
      throw invalid(path, `points to bytes ${position} to ${position + count}, outside the file of ${this.bytes.byteLength} bytes`);
    }
    this.#allowance -= count + 8;
    if (this.#allowance < 0) throw invalid(path, 'its tables overlap so often that it cannot be a real model');
  }
}

/** A table of a flatbuffer, every access checked. Slots are the field numbers of the schema. */
export class TableReader {
  readonly #file: FlatbufferBytes;
  readonly #position: number;
  readonly #path: string;
  readonly #vtable: number;
  readonly #slots: number;
  readonly #size: number;

  constructor(file: FlatbufferBytes, position: number, path: string) {
    file.claim(position, 4, path);
    const vtable = position - file.view.getInt32(position, true);
    file.claim(vtable, 4, path);
    const vtableSize = file.view.getUint16(vtable, true);
    const size = file.view.getUint16(vtable + 2, true);
    if (vtableSize < 4 || vtableSize % 2 !== 0 || size < 4) throw invalid(path, 'its field table is damaged');
    file.claim(vtable, vtableSize, path);
    file.claim(position, size, path);
    this.#file = file;
    this.#position = position;
    this.#path = path;
    this.#vtable = vtable;
    this.#slots = (vtableSize - 4) / 2;
    this.#size = size;
  }

  get path(): string {
    return this.#path;
  }

  int(slot: number, value = 0): number {
    const field = this.#field(slot, 4);
    return field === undefined ? value : this.#file.view.getInt32(field, true);
  }

  uint(slot: number, value = 0): number {
    const field = this.#field(slot, 4);
    return field === undefined ? value : this.#file.view.getUint32(field, true);
  }

  byte(slot: number, value = 0): number {
    const field = this.#field(slot, 1);
    return field === undefined ? value : this.#file.view.getInt8(field);
  }

  bool(slot: number, value = false): boolean {
    return this.byte(slot, value ? 1 : 0) !== 0;
  }

  float(slot: number, value = 0): number {
    const field = this.#field(slot, 4);
    return field === undefined ? value : this.#file.view.getFloat32(field, true);
  }

  /** An unsigned 64-bit number, which must be exact as a number. */
  ulong(slot: number): number {
    const field = this.#field(slot, 8);
    if (field === undefined) return 0;
    const value = Number(this.#file.view.getBigUint64(field, true));
    if (!Number.isSafeInteger(value)) throw invalid(`${this.#path}[${slot}]`, `the number ${value} is too large`);
    return value;
  }

  string(slot: number, name: string): string | undefined {
    const vector = this.#vector(slot, 1, name);
    return vector === undefined
      ? undefined
      : new TextDecoder().decode(this.#file.bytes.subarray(vector.start, vector.start + vector.length));
  }

  /** A view, not a copy. */
  bytes(slot: number, name: string): Uint8Array | undefined {
    const vector = this.#vector(slot, 1, name);
    return vector === undefined ? undefined : this.#file.bytes.subarray(vector.start, vector.start + vector.length);
  }

  ints(slot: number, name: string): number[] | undefined {
    return this.#elements(slot, 4, name, (position) => this.#file.view.getInt32(position, true));
  }

  ushorts(slot: number, name: string): number[] | undefined {
    return this.#elements(slot, 2, name, (position) => this.#file.view.getUint16(position, true));
  }

  floats(slot: number, name: string): number[] | undefined {
    return this.#elements(slot, 4, name, (position) => this.#file.view.getFloat32(position, true));
  }

  /** 64-bit integers as numbers; what is beyond 2^53 loses low bits. */
  longs(slot: number, name: string): number[] | undefined {
    return this.#elements(slot, 8, name, (position) => Number(this.#file.view.getBigInt64(position, true)));
  }

  table(slot: number, name: string): TableReader | undefined {
    const field = this.#field(slot, 4);
    return field === undefined ? undefined : this.#follow(field, `${this.#path}.${name}`);
  }

  tables(slot: number, name: string): TableReader[] {
    const vector = this.#vector(slot, 4, name);
    if (vector === undefined) return [];
    return Array.from({ length: vector.length }, (_, i) => this.#follow(vector.start + 4 * i, `${this.#path}.${name}[${i}]`));
  }

  #follow(field: number, path: string): TableReader {
    return new TableReader(this.#file, field + this.#file.view.getUint32(field, true), path.replace(/^\./, ''));
  }

  #elements(slot: number, size: number, name: string, read: (position: number) => number): number[] | undefined {
    const vector = this.#vector(slot, size, name);
    return vector === undefined ? undefined : Array.from({ length: vector.length }, (_, i) => read(vector.start + size * i));
  }

  #vector(slot: number, elementSize: number, name: string): { readonly start: number; readonly length: number } | undefined {
    const field = this.#field(slot, 4);
    if (field === undefined) return undefined;
    const path = `${this.#path}.${name}`.replace(/^\./, '');
    const position = field + this.#file.view.getUint32(field, true);
    this.#file.claim(position, 4, path);
    const length = this.#file.view.getUint32(position, true);
    this.#file.claim(position + 4, length * elementSize, path);
    return { start: position + 4, length };
  }

  #field(slot: number, size: number): number | undefined {
    if (slot >= this.#slots) return undefined;
    const offset = this.#file.view.getUint16(this.#vtable + 4 + 2 * slot, true);
    if (offset === 0) return undefined;
    if (offset < 4 || offset + size > this.#size) throw invalid(this.#path, `its field ${slot} lies outside its table`);
    return this.#position + offset;
  }
}

/**
 * The error of a damaged file.
 *
 * @param path of the table or field in the file, such as `subgraphs[0].tensors[3]`
 */
export function invalid(path: string, what: string): EspalierError {
  return new EspalierError('invalid-model', what, {
    where: path === '' ? '.tflite file' : `.tflite file, ${path}`,
    fix: 'the file is damaged or not a TensorFlow Lite model; export or download it again',
  });
}
