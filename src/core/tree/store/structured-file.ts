/**
 * Plain data with maps and typed arrays as one file: a JSON header in which each array stands as its place in the bytes
 * that follow. Little-endian; the same data gives the same bytes.
 */
import { EspalierError } from '../../errors.ts';

const MAGIC = 'ESPL';
const VERSION = 1;
/** Magic, version, length of the header. */
const PREFIX_BYTES = 12;
const ALIGNMENT = 8;

const arrays = { Float32Array, Int32Array, Uint8Array, Uint32Array } as const;
type ArrayName = keyof typeof arrays;
type StoredArray = Float32Array | Int32Array | Uint8Array | Uint32Array;

interface ArrayReference {
  readonly $array: ArrayName;
  readonly offset: number;
  readonly length: number;
}
interface MapReference {
  readonly $map: readonly (readonly [unknown, unknown])[];
}

export function encodeStructure(value: object): Uint8Array {
  const chunks: { readonly offset: number; readonly bytes: Uint8Array }[] = [];
  let size = 0;
  const strip = (part: unknown): unknown => {
    if (part instanceof Map) return { $map: [...part].map(([key, entry]) => [key, strip(entry)]) } satisfies MapReference;
    if (isArray(part)) {
      const reference: ArrayReference = { $array: arrayName(part), offset: size, length: part.length };
      chunks.push({ offset: size, bytes: new Uint8Array(part.buffer, part.byteOffset, part.byteLength) });
      size += align(part.byteLength);
      return reference;
    }
    if (Array.isArray(part)) return part.map(strip);
    if (typeof part === 'object' && part !== null)
      return Object.fromEntries(Object.entries(part).map(([key, entry]) => [key, strip(entry)]));
    return part;
  };
  const header = new TextEncoder().encode(JSON.stringify(strip(value)));
  const start = align(PREFIX_BYTES + header.length);
  const bytes = new Uint8Array(start + size);
  const view = new DataView(bytes.buffer);
  bytes.set(new TextEncoder().encode(MAGIC));
  view.setUint32(4, VERSION, true);
  view.setUint32(8, header.length, true);
  bytes.set(header, PREFIX_BYTES);
  for (const chunk of chunks) bytes.set(chunk.bytes, start + chunk.offset);
  return bytes;
}

/** @throws EspalierError `file-access` when the file was damaged. The type is what the caller encoded. */
export function decodeStructure<T extends object>(bytes: Uint8Array, where: string): T {
  const damaged = (cause?: unknown): EspalierError =>
    new EspalierError('file-access', 'is damaged', { where, cause, fix: 'delete it, or run `espalier clean --cache`' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < PREFIX_BYTES || new TextDecoder().decode(bytes.subarray(0, 4)) !== MAGIC || view.getUint32(4, true) !== VERSION)
    throw damaged();
  const headerLength = view.getUint32(8, true);
  const start = align(PREFIX_BYTES + headerLength);
  try {
    return JSON.parse(new TextDecoder().decode(bytes.subarray(PREFIX_BYTES, PREFIX_BYTES + headerLength)), (_key, part: unknown) => {
      if (isMapReference(part)) return new Map(part.$map);
      if (isArrayReference(part)) {
        const type = arrays[part.$array];
        const from = start + part.offset;
        if (from + part.length * type.BYTES_PER_ELEMENT > bytes.length) throw new RangeError('cut off');
        return new type(Uint8Array.from(bytes.subarray(from, from + part.length * type.BYTES_PER_ELEMENT)).buffer);
      }
      return part;
    });
  } catch (cause) {
    throw damaged(cause);
  }
}

function align(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

function isArray(part: unknown): part is StoredArray {
  return part instanceof Float32Array || part instanceof Int32Array || part instanceof Uint8Array || part instanceof Uint32Array;
}

function arrayName(part: StoredArray): ArrayName {
  if (part instanceof Float32Array) return 'Float32Array';
  if (part instanceof Int32Array) return 'Int32Array';
  return part instanceof Uint32Array ? 'Uint32Array' : 'Uint8Array';
}

function isMapReference(part: unknown): part is MapReference {
  return typeof part === 'object' && part !== null && '$map' in part;
}

function isArrayReference(part: unknown): part is ArrayReference {
  return typeof part === 'object' && part !== null && '$array' in part;
}
