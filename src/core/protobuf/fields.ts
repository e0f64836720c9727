/** The kinds of field that messages are declared with. */
import { WireType, type BinaryReader, type BinaryWriter } from '@bufbuild/protobuf/wire';
import { CollectedMessage, writeFields, type Field, type Message } from './message.ts';

/** One number or text. */
interface Scalar<T> {
  readonly wireType: WireType;
  readonly read: (reader: BinaryReader) => T;
  readonly write: (writer: BinaryWriter, value: T) => void;
}

/** 64-bit integers as numbers: beyond 2^53 the nearest one, which still means "to the end" where files use it so. */
const int64Scalar: Scalar<number> = {
  wireType: WireType.Varint,
  read: (reader) => Number(reader.int64()),
  write: (writer, value) => writer.int64(value),
};
const floatScalar: Scalar<number> = {
  wireType: WireType.Bit32,
  read: (reader) => reader.float(),
  write: (writer, value) => writer.float(value),
};
const doubleScalar: Scalar<number> = {
  wireType: WireType.Bit64,
  read: (reader) => reader.double(),
  write: (writer, value) => writer.double(value),
};
const stringScalar: Scalar<string> = {
  wireType: WireType.LengthDelimited,
  read: (reader) => reader.string(),
  write: (writer, value) => writer.string(value),
};
const bytesScalar: Scalar<Uint8Array> = {
  wireType: WireType.LengthDelimited,
  // A view of the file's bytes: weights are not copied.
  read: (reader) => reader.bytes(),
  write: (writer, value) => writer.bytes(value),
};

const noBytes = new Uint8Array();

export const int64 = (number: number): Field<number> => withDefault(number, int64Scalar, 0);
export const float = (number: number): Field<number> => withDefault(number, floatScalar, 0);
export const string = (number: number): Field<string> => withDefault(number, stringScalar, '');
export const bytes = (number: number): Field<Uint8Array> => withDefault(number, bytesScalar, noBytes);

/** Whether a number was there at all, where 0 and absent mean different things. */
export const optionalInt64 = (number: number): Field<number | undefined> => optional(number, int64Scalar);
export const optionalBytes = (number: number): Field<Uint8Array | undefined> => optional(number, bytesScalar);

export const strings = (number: number): Field<readonly string[]> => repeated(number, stringScalar);
/** Packed into one field, or one field each: both are read, packed is written. */
export const int64s = (number: number): Field<readonly number[]> => packed(number, int64Scalar);
export const floats = (number: number): Field<readonly number[]> => packed(number, floatScalar);
export const doubles = (number: number): Field<readonly number[]> => packed(number, doubleScalar);

/** A message in a message; when it occurs more than once, its fields are merged. */
export function nested<T extends object>(number: number, declared: Message<T>): Field<T | undefined> {
  return {
    number,
    absent: () => undefined,
    collect: () => {
      const collected = new CollectedMessage(declared);
      return {
        read: (reader, wireType) => {
          expectWireType(wireType, WireType.LengthDelimited);
          collected.read(reader, endOf(reader));
        },
        value: () => collected.value(),
      };
    },
    write: (writer, value) => {
      if (value !== undefined) writeNested(writer, number, declared, value);
    },
  };
}

export function nestedList<T extends object>(number: number, declared: Message<T>): Field<readonly T[]> {
  return list(
    number,
    (reader, wireType, append) => {
      expectWireType(wireType, WireType.LengthDelimited);
      const collected = new CollectedMessage(declared);
      collected.read(reader, endOf(reader));
      append(collected.value());
    },
    (writer, values) => {
      for (const value of values) writeNested(writer, number, declared, value);
    },
  );
}

/** proto3 leaves out what has the default value. */
function withDefault<T>(number: number, scalar: Scalar<T>, initial: T): Field<T> {
  return {
    number,
    absent: () => initial,
    collect: () => last(scalar, initial),
    write: (writer, value) => {
      if (value !== initial) scalar.write(writer.tag(number, scalar.wireType), value);
    },
  };
}

function optional<T>(number: number, scalar: Scalar<T>): Field<T | undefined> {
  return {
    number,
    absent: () => undefined,
    collect: () => last<T | undefined>(scalar, undefined),
    write: (writer, value) => {
      if (value !== undefined) scalar.write(writer.tag(number, scalar.wireType), value);
    },
  };
}

/** Of several occurrences the last one counts. */
function last<T>({ wireType: expected, read }: Pick<Scalar<T>, 'wireType' | 'read'>, initial: T): ReturnType<Field<T>['collect']> {
  let value = initial;
  return {
    read: (reader, wireType) => {
      expectWireType(wireType, expected);
      value = read(reader);
    },
    value: () => value,
  };
}

function repeated<T>(number: number, scalar: Scalar<T>): Field<readonly T[]> {
  return list(
    number,
    (reader, wireType, append) => {
      expectWireType(wireType, scalar.wireType);
      append(scalar.read(reader));
    },
    (writer, values) => {
      for (const value of values) scalar.write(writer.tag(number, scalar.wireType), value);
    },
  );
}

function packed<T>(number: number, scalar: Scalar<T>): Field<readonly T[]> {
  return list(
    number,
    (reader, wireType, append) => {
      if (wireType === WireType.LengthDelimited) {
        for (const end = endOf(reader); reader.pos < end;) append(scalar.read(reader));
      } else {
        expectWireType(wireType, scalar.wireType);
        append(scalar.read(reader));
      }
    },
    (writer, values) => {
      if (values.length === 0) return;
      writer.tag(number, WireType.LengthDelimited).fork();
      for (const value of values) scalar.write(writer, value);
      writer.join();
    },
  );
}

function list<T>(
  number: number,
  read: (reader: BinaryReader, wireType: WireType, append: (value: T) => void) => void,
  write: (writer: BinaryWriter, values: readonly T[]) => void,
): Field<readonly T[]> {
  return {
    number,
    absent: () => [],
    collect: () => {
      const values: T[] = [];
      return { read: (reader, wireType) => read(reader, wireType, (value) => values.push(value)), value: () => values };
    },
    write,
  };
}

function writeNested(writer: BinaryWriter, number: number, declared: Message<object>, value: object): void {
  writer.tag(number, WireType.LengthDelimited).fork();
  writeFields(declared, writer, value);
  writer.join();
}

/** Where the length-delimited field at the reader's position ends. */
function endOf(reader: BinaryReader): number {
  const length = reader.uint32();
  const end = reader.pos + length;
  if (end > reader.len) throw new RangeError('a field goes beyond the end of the file');
  return end;
}

function expectWireType(found: WireType, expected: WireType): void {
  if (found !== expected) throw new RangeError(`a field has wire type ${found}, expected ${expected}`);
}
