/**
 * Protocol-buffer messages by a declaration of their fields: `decode` and `encode` over the wire reader and writer of
 * `@bufbuild/protobuf`. A declaration names only the fields that are wanted; others are skipped. Messages refer to
 * messages declared before them, so that none contains itself and nesting is bounded by the declarations.
 *
 * @example
 * const point = message({ x: int64(1), label: string(2) });
 * decode(point, encode(point, { x: 3 }), 'a.bin'); // { x: 3, label: '' }
 */
import { BinaryReader, BinaryWriter, type WireType } from '@bufbuild/protobuf/wire';
import { EspalierError } from '../errors.ts';

/** How one field is read and written. */
export interface Field<T> {
  readonly number: number;
  /** What the field is when the message does not hold it. */
  readonly absent: () => T;
  /** Called at the field's first occurrence in a message. */
  readonly collect: () => Collected<T>;
  /** Writes nothing when the value is that of an absent field. */
  write(writer: BinaryWriter, value: T): void;
}

/** The occurrences of one field: the last one counts, or all of them do, as its kind has it. */
export interface Collected<T> {
  read(reader: BinaryReader, wireType: WireType): void;
  value(): T;
}

export interface Message<T> {
  readonly fields: { readonly [Key in keyof T]: Field<T[Key]> };
  readonly byNumber: ReadonlyMap<number, KeyedField>;
}

interface KeyedField {
  readonly key: string;
  readonly field: Field<unknown>;
}

/** The plain object that a declared message is read as. */
export type MessageOf<M> = M extends Message<infer T> ? T : never;

export function message<T extends object>(fields: { readonly [Key in keyof T]: Field<T[Key]> }): Message<Readonly<T>> {
  const keyed: KeyedField[] = [];
  for (const key in fields) keyed.push({ key, field: fields[key] });
  keyed.sort((a, b) => a.field.number - b.field.number);
  return { fields, byNumber: new Map(keyed.map((entry) => [entry.field.number, entry])) };
}

/** Throws an `invalid-model` error with `where` when the bytes are not a sequence of well-formed fields. */
export function decode<T extends object>(declared: Message<T>, bytes: Uint8Array, where: string): T {
  try {
    const collected = new CollectedMessage(declared);
    collected.read(new BinaryReader(bytes), bytes.length);
    return collected.value();
  } catch (cause) {
    throw new EspalierError('invalid-model', 'is damaged: it is not a well-formed protobuf message', {
      where,
      fix: 'save or copy the file again',
      cause,
    });
  }
}

/** A message to write, where fields may be left out at every depth. */
export type Written<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Written<E>[]
    : T extends object
      ? { readonly [Key in keyof T]?: Written<T[Key]> | undefined }
      : T;

/** Fields that are left out are absent. */
export function encode<T extends object>(declared: Message<T>, value: Written<T> & object): Uint8Array {
  const writer = new BinaryWriter();
  writeFields(declared, writer, value);
  return writer.finish();
}

/** The occurrences of one message, whose fields are merged. */
export class CollectedMessage<T extends object> {
  readonly #fields: ReadonlyMap<number, KeyedField>;
  readonly #collected = new Map<KeyedField, Collected<unknown>>();

  constructor(declared: Message<T>) {
    this.#fields = declared.byNumber;
  }

  /** Reads fields up to the position `end`. */
  read(reader: BinaryReader, end: number): void {
    while (reader.pos < end) {
      const [number, wireType] = reader.tag();
      const entry = this.#fields.get(number);
      if (entry === undefined) {
        reader.skip(wireType, number);
        continue;
      }
      let collected = this.#collected.get(entry);
      if (collected === undefined) {
        collected = entry.field.collect();
        this.#collected.set(entry, collected);
      }
      collected.read(reader, wireType);
    }
    if (reader.pos !== end) throw new RangeError('a field goes beyond the end of its message');
  }

  value(): T {
    const entries = Array.from(this.#fields.values(), (entry) => {
      const collected = this.#collected.get(entry);
      return [entry.key, collected === undefined ? entry.field.absent() : collected.value()] as const;
    });
    // Each key has what its own field reads, which no type of a loop over keys can say.
    return Object.fromEntries(entries) as T;
  }
}

export function writeFields(declared: Message<object>, writer: BinaryWriter, value: object): void {
  for (const { key, field } of declared.byNumber.values()) {
    const own: unknown = Reflect.get(value, key);
    if (own !== undefined) field.write(writer, own);
  }
}
