import { EspalierError } from '../../errors.ts';
import type { Padding, Pair } from '../../network/operations.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';

/** Reads the fields of a layer's config; a field of the wrong type is an `invalid-model` error that names the layer. */
export class LayerConfig {
  readonly #json: JsonObject;
  readonly where: string;

  constructor(json: JsonObject, where: string) {
    this.#json = json;
    this.where = where;
  }

  raw(key: string): Json | undefined {
    return this.#json[key];
  }

  has(key: string): boolean {
    return this.#json[key] !== undefined && this.#json[key] !== null;
  }

  string(key: string, otherwise: string): string {
    const value = this.#json[key];
    if (value === undefined || value === null) return otherwise;
    return typeof value === 'string' ? value : this.#fail(key, 'a string', value);
  }

  number(key: string, otherwise?: number): number {
    const value = this.#json[key];
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    return typeof value === 'number' && Number.isFinite(value) ? value : this.#fail(key, 'a number', value);
  }

  integer(key: string, otherwise?: number): number {
    const value = this.number(key, otherwise);
    return Number.isSafeInteger(value) ? value : this.#fail(key, 'an integer', value);
  }

  boolean(key: string, otherwise: boolean): boolean {
    const value = this.#json[key];
    if (value === undefined || value === null) return otherwise;
    return typeof value === 'boolean' ? value : this.#fail(key, 'true or false', value);
  }

  numbers(key: string): readonly number[] {
    const stored = this.#json[key];
    // Keras 3 wraps tuples.
    const value = isObject(stored) && isArray(stored['items']) ? stored['items'] : stored;
    if (!isArray(value) || !value.every((n) => typeof n === 'number' && Number.isFinite(n)))
      return this.#fail(key, 'a list of numbers', value);
    return value.map(Number);
  }

  /** `[n, n]` or a number that stands for both. */
  pair(key: string, otherwise?: Pair): Pair {
    const value = this.#json[key];
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    const [first, second, ...more] = typeof value === 'number' ? [value, value] : this.numbers(key);
    if (first === undefined || second === undefined || more.length > 0) return this.#fail(key, 'two numbers', value);
    return [first, second];
  }

  /** One number, or a list of one: the fields of 1-d layers. */
  single(key: string, otherwise?: number): number {
    const value = this.#json[key];
    if (isArray(value) || isObject(value)) {
      const [only, ...more] = this.numbers(key);
      return only === undefined || more.length > 0 ? this.#fail(key, 'one number', value) : only;
    }
    return this.number(key, otherwise);
  }

  padding(key = 'padding'): Padding {
    const value = this.string(key, 'valid').toLowerCase();
    if (value !== 'same' && value !== 'valid')
      throw new EspalierError('unsupported-model', `padding "${value}" is not supported; allowed are "same" and "valid"`, {
        where: this.where,
      });
    return value;
  }

  channelsFirst(): boolean {
    return this.string('data_format', 'channels_last') === 'channels_first';
  }

  #fail(key: string, expected: string, value: Json | undefined): never {
    throw new EspalierError('invalid-model', `"${key}" should be ${expected}, got ${JSON.stringify(value)?.slice(0, 80) ?? 'nothing'}`, {
      where: this.where,
    });
  }
}
