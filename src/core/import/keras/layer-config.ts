import { EspalierError } from '../../errors.ts';
import type { Padding, Pair } from '../../network/operations.ts';
import { isArray, isObject, type Json, type JsonObject } from '../json.ts';

/**
 * Reads the fields of a layer's config as Keras does, which converts what it is given: a boolean may be 0 or 1, a number
 * a string or a list of one. What cannot be converted is an `invalid-model` error that names the layer.
 */
export class LayerConfig {
  readonly #json: JsonObject;
  readonly where: string;

  constructor(json: JsonObject, where: string) {
    this.#json = json;
    this.where = where;
  }

  /** With the arguments of a call over the fields of the config. */
  with(fields: JsonObject): LayerConfig {
    return new LayerConfig({ ...this.#json, ...fields }, this.where);
  }

  raw(key: string): Json | undefined {
    return this.#json[key];
  }

  has(key: string): boolean {
    return this.#json[key] !== undefined && this.#json[key] !== null;
  }

  string(key: string, otherwise: string): string {
    const value = single(this.#json[key]);
    if (value === undefined || value === null) return otherwise;
    return typeof value === 'string' ? value : this.#fail(key, 'a string', value);
  }

  number(key: string, otherwise?: number): number {
    const value = this.#json[key];
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    return numberOf(value) ?? this.#fail(key, 'a number', value);
  }

  integer(key: string, otherwise?: number): number {
    const value = this.number(key, otherwise);
    return Number.isSafeInteger(value) ? value : this.#fail(key, 'an integer', value);
  }

  boolean(key: string, otherwise: boolean): boolean {
    const stored = this.#json[key];
    if (stored === undefined || stored === null) return otherwise;
    const value = single(stored);
    if (typeof value === 'boolean') return value;
    if (typeof value === 'string' && /^(true|false)$/i.test(value)) return value.toLowerCase() === 'true';
    const number = numberOf(value);
    return number === undefined ? this.#fail(key, 'true or false', stored) : number !== 0;
  }

  /** One number stands for a list of one. */
  numbers(key: string): readonly number[] {
    const stored = this.#json[key];
    const list = listOf(stored)?.map(numberOf) ?? [numberOf(stored)];
    const found = list.flatMap((value) => value ?? []);
    return found.length === list.length ? found : this.#fail(key, 'a list of numbers', stored);
  }

  /** Two numbers, or one that stands for both. */
  pair(key: string, otherwise?: Pair): Pair {
    const value = this.#json[key];
    if ((value === undefined || value === null) && otherwise !== undefined) return otherwise;
    const [first, second = first, ...more] = this.numbers(key);
    if (first === undefined || second === undefined || more.length > 0) return this.#fail(key, 'two numbers', value);
    return [first, second];
  }

  /** The axes that a field names, for a value of this rank: Keras counts the batch as axis 0. */
  axes(key: string, rank: number, otherwise: readonly number[]): readonly number[] {
    const axes = this.has(key) ? this.numbers(key) : otherwise;
    return axes.map((axis) => {
      const normal = axis < 0 ? axis + rank : axis - 1;
      if (!Number.isInteger(normal) || normal < 0 || normal >= rank)
        throw new EspalierError('unsupported-model', `axis ${axis} is the batch or outside of its input of ${rank} axes after it`, {
          where: this.where,
        });
      return normal;
    });
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

/** Keras 3 wraps tuples. */
function listOf(value: Json | undefined): readonly Json[] | undefined {
  const list = isObject(value) ? value['items'] : value;
  return isArray(list) ? list : undefined;
}

/** A list of one stands for what is in it. */
function single(value: Json | undefined): Json | undefined {
  const list = listOf(value);
  return list?.length === 1 ? list[0] : value;
}

/** The number that a field holds, as Python converts it; undefined where it holds none. */
function numberOf(stored: Json | undefined): number | undefined {
  const value = single(stored);
  if (typeof value === 'boolean') return Number(value);
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined;
}
