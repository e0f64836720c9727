/** Collects bits, the first in the highest bit of byte 0. */
export class BitWriter {
  readonly #bytes: Uint8Array;
  #position = 0;

  /** `bits` is how many will be written; what is left of the last byte, or word of `alignment` bytes, is zero. */
  constructor(bits: number, alignment = 1) {
    this.#bytes = new Uint8Array(Math.ceil(bits / (8 * alignment)) * alignment);
  }

  /** The low `count` bits of `value`, the highest of them first; `count` is at most 32. */
  write(value: number, count: number): void {
    for (let bit = count - 1; bit >= 0; bit--) {
      const set = (value >>> bit) & 1;
      const byte = this.#position >> 3;
      if (set !== 0) this.#bytes[byte] = (this.#bytes[byte] ?? 0) | (0x80 >> (this.#position & 7));
      this.#position++;
    }
  }

  get bytes(): Uint8Array {
    return this.#bytes;
  }
}
