/** The numbers and runs of bytes of a sorted table, whose blocks are no protobuf messages but use its variable-length integers. */
import { BinaryReader } from '@bufbuild/protobuf/wire';
import { EspalierError } from '../../errors.ts';

export class ByteReader {
  readonly #bytes: Uint8Array;
  readonly #where: string;
  readonly #reader: BinaryReader;

  constructor(bytes: Uint8Array, where: string) {
    this.#bytes = bytes;
    this.#where = where;
    this.#reader = new BinaryReader(bytes);
  }

  get done(): boolean {
    return this.#reader.pos >= this.#bytes.length;
  }

  /** From 0 on. */
  varint(): number {
    try {
      return Number(this.#reader.uint64());
    } catch (cause) {
      throw this.#damaged(cause);
    }
  }

  take(length: number): Uint8Array {
    const start = this.#reader.pos;
    if (start + length > this.#bytes.length) throw this.#damaged();
    this.#reader.pos += length;
    return this.#bytes.subarray(start, start + length);
  }

  #damaged(cause?: unknown): EspalierError {
    return new EspalierError('invalid-model', 'is damaged', { where: this.#where, fix: 'save or copy the SavedModel again', cause });
  }
}
