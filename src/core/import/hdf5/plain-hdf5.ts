/**
 * The part of HDF5 that h5py writes by default: superblock 0, groups with symbol tables, object headers of version 1,
 * datasets in one piece. It is read here, in bounded work, so that neither the library nor a thread has to start. All that
 * is different, damaged or compressed is left to the library.
 *
 * Layouts are those of the HDF5 File Format Specification 3.0; its sections are named where they are read.
 */
import { elementCount } from '../../network/shapes/shape.ts';
import { type ElementType, elementTypeAt, floatsAt, NotPlain, mustBe } from './hdf5-elements.ts';
import type { Hdf5DatasetContent, Hdf5GroupContent, Hdf5Node } from './hdf5-messages.ts';

/** A file whose parts contain each other is given up: no model nests as deep or has as many messages. */
const deepest = 100;
const mostMessages = 1_000_000;
/** Datasets may share their bytes, but not many times over. */
const mostReadings = 4;

/**
 * @param groups the members of the root that are read
 * @returns what the library gives; undefined where it has to be asked
 */
export function readPlainHdf5(bytes: Uint8Array, groups: readonly string[]): Hdf5GroupContent | undefined {
  try {
    return new PlainFile(bytes).root(groups);
  } catch (error) {
    // The latter where an address leads out of the file.
    if (error instanceof NotPlain || error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Section IV.A.2, by number. */
const message = { dataspace: 1, datatype: 3, layout: 8, attribute: 12, continuation: 16, symbolTable: 17 } as const;
/** Nothing, fill values, and times of modification. */
const ignoredMessages = [0, 4, 5, 14, 18];
const sharedFlag = 2;

interface Part {
  readonly start: number;
  readonly size: number;
}

interface ObjectHeader {
  readonly parts: ReadonlyMap<number, Part>;
  readonly attributes: readonly Part[];
}

class PlainFile {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #heaps = new Map<number, ReadonlyMap<number, Part>>();
  #messages = 0;
  #bytesRead = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Section II.A: addresses and lengths of 8 bytes, nothing in front of the file. */
  root(groups: readonly string[]): Hdf5GroupContent {
    mustBe(this.#view.getBigUint64(0, true) === signature && this.#view.getUint8(8) === 0);
    mustBe(this.#view.getUint16(13, true) === 0x0808 && this.#address(24) === 0);
    return this.#group(this.#header(this.#address(64)), 0, (name) => groups.includes(name));
  }

  #group({ parts, attributes }: ObjectHeader, depth: number, isRead: (name: string) => boolean): Hdf5GroupContent {
    const table = parts.get(message.symbolTable);
    mustBe(table !== undefined && depth <= deepest);
    const members = new Map<string, Hdf5Node>();
    const heap = this.#address(table.start + 8);
    mustBe(this.#text(heap, 4) === 'HEAP');
    const names = this.#address(heap + 24);
    for (const entry of this.#entries(this.#address(table.start), 0)) {
      const name = this.#textUntilZero(names + this.#address(entry));
      if (!isRead(name)) continue;
      // 2 is a symbolic link.
      mustBe(this.#view.getUint32(entry + 16, true) < 2);
      const header = this.#header(this.#address(entry + 8));
      members.set(name, header.parts.has(message.symbolTable) ? this.#group(header, depth + 1, () => true) : this.#dataset(header));
    }
    return { kind: 'group', attributes: this.#attributes(attributes), members };
  }

  /** Sections III.A.1 and III.C: places of the symbols, by name. */
  *#entries(node: number, depth: number): Generator<number> {
    mustBe(depth <= deepest && ++this.#messages <= mostMessages);
    if (this.#text(node, 4) === 'SNOD') {
      const count = this.#view.getUint16(node + 6, true);
      for (let i = 0; i < count; i++) yield node + 8 + 40 * i;
      return;
    }
    mustBe(this.#text(node, 4) === 'TREE' && this.#view.getUint8(node + 4) === 0);
    const count = this.#view.getUint16(node + 6, true);
    for (let i = 0; i < count; i++) yield* this.#entries(this.#address(node + 32 + 16 * i), depth + 1);
  }

  /** Section IV.A.1.a: messages in the header's block, and in those that continue it. */
  #header(at: number): ObjectHeader {
    mustBe(this.#view.getUint8(at) === 1);
    const parts = new Map<number, Part>();
    const attributes: Part[] = [];
    const blocks: Part[] = [{ start: at + 16, size: this.#view.getUint32(at + 8, true) }];
    let left = this.#view.getUint16(at + 2, true);
    for (let block = blocks.shift(); block !== undefined; block = blocks.shift()) {
      for (let offset = block.start; left > 0 && offset + 8 <= block.start + block.size; left--) {
        mustBe(++this.#messages <= mostMessages);
        const type = this.#view.getUint16(offset, true);
        const part = { start: offset + 8, size: this.#view.getUint16(offset + 2, true) };
        mustBe((this.#view.getUint8(offset + 4) & sharedFlag) === 0);
        if (type === message.continuation) blocks.push({ start: this.#address(part.start), size: this.#address(part.start + 8) });
        else if (type === message.attribute) attributes.push(part);
        else if (type === message.dataspace || type === message.datatype || type === message.layout || type === message.symbolTable)
          parts.set(type, part);
        else mustBe(ignoredMessages.includes(type));
        offset = part.start + part.size;
      }
    }
    mustBe(left === 0);
    return { parts, attributes };
  }

  #dataset({ parts }: ObjectHeader): Hdf5DatasetContent {
    const [space, type, layout] = [parts.get(message.dataspace), parts.get(message.datatype), parts.get(message.layout)];
    mustBe(space !== undefined && type !== undefined && layout !== undefined);
    const shape = this.#shape(space.start);
    const element = elementTypeAt(this.#view, type.start);
    if (element.kind === 'text') return { kind: 'dataset', shape, values: undefined };
    const size = elementCount(shape) * element.size;
    const start = this.#dataStart(layout.start, size);
    this.#bytesRead += size;
    mustBe(start + size <= this.#bytes.length && this.#bytesRead <= mostReadings * this.#bytes.length);
    return { kind: 'dataset', shape, values: floatsAt(this.#view, start, elementCount(shape), element) };
  }

  /** Section IV.A.2.i, version 3: compact or in one piece. */
  #dataStart(layout: number, size: number): number {
    mustBe(this.#view.getUint8(layout) === 3);
    const kind = this.#view.getUint8(layout + 1);
    if (kind === 0) {
      mustBe(this.#view.getUint16(layout + 2, true) === size);
      return layout + 4;
    }
    mustBe(kind === 1 && (size === 0 || this.#address(layout + 10) === size));
    return size === 0 ? 0 : this.#address(layout + 2);
  }

  /** Section IV.A.2.b. */
  #shape(at: number): number[] {
    const version = this.#view.getUint8(at);
    const rank = this.#view.getUint8(at + 1);
    // The second version has a type: scalar (0), array (1), or without elements, which is left to the library.
    mustBe(version === 1 || (version === 2 && this.#view.getUint8(at + 3) === (rank === 0 ? 0 : 1)));
    return Array.from({ length: rank }, (_, i) => this.#address(at + (version === 1 ? 8 : 4) + 8 * i));
  }

  /** Section IV.A.2.m. */
  #attributes(parts: readonly Part[]): ReadonlyMap<string, string | readonly string[]> {
    const texts = new Map<string, string | readonly string[]>();
    for (const { start } of parts) {
      const version = this.#view.getUint8(start);
      mustBe(version >= 1 && version <= 3 && (version === 1 || this.#view.getUint8(start + 1) === 0));
      const padded = (size: number): number => (version === 1 ? Math.ceil(size / 8) * 8 : size);
      const [nameSize, typeSize, spaceSize] = [2, 4, 6].map((offset) => padded(this.#view.getUint16(start + offset, true)));
      const name = start + (version === 3 ? 9 : 8);
      const type = name + (nameSize ?? 0);
      const space = type + (typeSize ?? 0);
      const element = elementTypeAt(this.#view, type);
      const shape = this.#shape(space);
      mustBe(shape.length <= 1);
      const text = this.#attributeText(element, shape, space + (spaceSize ?? 0));
      if (text !== undefined) texts.set(this.#textUntilZero(name), text);
    }
    return texts;
  }

  #attributeText(element: ElementType, shape: readonly number[], at: number): string | readonly string[] | undefined {
    const length = elementCount(shape);
    if (length === 0) return [];
    if (element.kind !== 'text') {
      // The library gives these as bytes, which may be text.
      mustBe(element.kind === 'float' || element.size > 1);
      return undefined;
    }
    mustBe(at + length * element.size <= this.#bytes.length);
    const texts = Array.from({ length }, (_, i) => {
      const place = at + i * element.size;
      return element.isVariable ? this.#heapText(place) : untilZero(this.#text(place, element.size));
    });
    return shape.length === 0 ? texts[0] : texts;
  }

  /** Section III.E: a length, the address of a collection, and an index in it. */
  #heapText(at: number): string {
    const length = this.#view.getUint32(at, true);
    const object = this.#heap(this.#address(at + 4)).get(this.#view.getUint32(at + 12, true));
    mustBe(object !== undefined && object.size >= length);
    this.#bytesRead += length;
    mustBe(this.#bytesRead <= mostReadings * this.#bytes.length);
    return untilZero(this.#text(object.start, length));
  }

  #heap(at: number): ReadonlyMap<number, Part> {
    const known = this.#heaps.get(at);
    if (known !== undefined) return known;
    mustBe(this.#text(at, 4) === 'GCOL');
    const objects = new Map<number, Part>();
    const end = at + this.#address(at + 8);
    for (let offset = at + 16; offset + 16 <= end;) {
      mustBe(++this.#messages <= mostMessages);
      const index = this.#view.getUint16(offset, true);
      if (index === 0) break;
      const size = this.#address(offset + 8);
      objects.set(index, { start: offset + 16, size });
      offset += 16 + Math.ceil(size / 8) * 8;
    }
    this.#heaps.set(at, objects);
    return objects;
  }

  /** A length or an address within the file. */
  #address(at: number): number {
    const value = this.#view.getUint32(at, true) + this.#view.getUint32(at + 4, true) * 2 ** 32;
    mustBe(value <= this.#bytes.length);
    return value;
  }

  #text(at: number, length: number): string {
    mustBe(at + length <= this.#bytes.length);
    return decoder.decode(this.#bytes.subarray(at, at + length));
  }

  #textUntilZero(at: number): string {
    const end = this.#bytes.indexOf(0, at);
    mustBe(end >= 0);
    return this.#text(at, end - at);
  }
}

const signature = 0x0a1a0a0d46444889n;
const decoder = new TextDecoder();

function untilZero(text: string): string {
  return text.split('\0', 1)[0] ?? '';
}
