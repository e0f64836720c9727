import { crc32 } from 'node:zlib';

export interface ZipEntry {
  /** ASCII. */
  readonly name: string;
  readonly data: Uint8Array;
}

/**
 * A zip of entries that are stored as they are, to be put behind `offset` bytes of something else: readers of metadata
 * take the offsets in it from the beginning of the whole file. Source: PKWARE's APPNOTE, sections 4.3.7, 4.3.12, 4.3.16.
 */
export function storedZip(entries: readonly ZipEntry[], offset: number): Uint8Array {
  const locals: Uint8Array[] = [];
  const centrals: Uint8Array[] = [];
  let position = offset;
  for (const { name, data } of entries) {
    const nameBytes = new TextEncoder().encode(name);
    const common = [20, 0, 0, 0, dosDate, crc32(data), data.length, data.length, nameBytes.length, 0] as const;
    const local = Buffer.concat([fields([4, 0x04034b50], ...sized(common)), nameBytes, data]);
    const central = Buffer.concat([
      fields([4, 0x02014b50], [2, 20], ...sized(common), [2, 0], [2, 0], [2, 0], [4, 0], [4, position]),
      nameBytes,
    ]);
    locals.push(local);
    centrals.push(central);
    position += local.length;
  }
  const directory = Buffer.concat(centrals);
  const end = fields(
    [4, 0x06054b50],
    [2, 0],
    [2, 0],
    [2, entries.length],
    [2, entries.length],
    [4, directory.length],
    [4, position],
    [2, 0],
  );
  return new Uint8Array(Buffer.concat([...locals, directory, end]));
}

/** 1 January 1980: the same entries give the same bytes. */
const dosDate = 0x21;

type Common = readonly [
  version: number,
  flags: number,
  method: number,
  time: number,
  date: number,
  crc: number,
  stored: number,
  size: number,
  name: number,
  extra: number,
];

function sized([version, flags, method, time, date, crc, stored, size, name, extra]: Common): readonly Field[] {
  return [
    [2, version],
    [2, flags],
    [2, method],
    [2, time],
    [2, date],
    [4, crc],
    [4, stored],
    [4, size],
    [2, name],
    [2, extra],
  ];
}

type Field = readonly [bytes: 2 | 4, value: number];

function fields(...all: readonly Field[]): Buffer {
  const buffer = Buffer.alloc(all.reduce((sum, [bytes]) => sum + bytes, 0));
  let at = 0;
  for (const [bytes, value] of all) at = bytes === 2 ? buffer.writeUInt16LE(value, at) : buffer.writeUInt32LE(value >>> 0, at);
  return buffer;
}
