// @ts-check
/**
 * Entry of the thread that reads HDF5 files: a damaged one can send the library into an endless loop, which only the
 * end of its thread stops. Plain JavaScript, for Node loads a thread's entry as it is.
 *
 * @import { CountedRequest, Hdf5GroupContent, Hdf5DatasetContent, ReadReply } from './hdf5-messages.ts'
 */
import { TextDecoder } from 'node:util';
import { parentPort } from 'node:worker_threads';
import * as h5wasm from 'h5wasm';

/** Keras nests a few levels for each model within a model. */
const deepestGroup = 100;
/** No model has as many groups and datasets; a file whose groups contain each other has endless ones. */
const mostObjects = 100_000;
/** Numbers of HDF5's type classes. */
const integerClass = 0;
const floatClass = 1;

/** The library grows its memory as a damaged file asks for; growth beyond the request's bound fails as a full memory does. */
let memoryBytes = 0;
const { Memory } = globalThis.WebAssembly;
const grow = Memory.prototype.grow;
Memory.prototype.grow = function growWithinBound(pages) {
  if (this.buffer.byteLength + pages * 65_536 > memoryBytes) throw new RangeError('the file needs more memory than its size explains');
  return grow.call(this, pages);
};

/** @param {ReadReply} message @param {ArrayBuffer[]} [moved] */
const reply = (message, moved = []) => parentPort?.postMessage(message, moved);

class FileReader {
  /** @param {CountedRequest} request */
  constructor(request) {
    this.fileBytes = request.bytes.length;
    this.contentBytes = request.contentBytes;
    this.objects = 0;
    /** @type {ArrayBuffer[]} */
    this.buffers = [];
  }

  /** @param {h5wasm.Group} group @param {readonly string[]} names @param {number} depth @returns {Hdf5GroupContent} */
  group(group, names, depth = 0) {
    if (depth > deepestGroup) throw new Error(`groups are nested more than ${deepestGroup} levels deep, as where one holds itself`);
    /** @type {Hdf5GroupContent['members'] & Map<string, import('./hdf5-messages.ts').Hdf5Node>} */
    const members = new Map();
    for (const name of names) {
      Atomics.add(allowance.work, 0, 1);
      if (++this.objects > mostObjects) throw new Error(`more than ${mostObjects} groups and datasets`);
      const member = group.get(name);
      if (member instanceof h5wasm.Group) members.set(name, this.group(member, member.keys(), depth + 1));
      if (member instanceof h5wasm.Dataset) members.set(name, this.dataset(member));
    }
    return { kind: 'group', attributes: this.attributes(group), members };
  }

  /** @param {h5wasm.Group} group */
  attributes(group) {
    /** @type {Map<string, string | readonly string[]>} */
    const texts = new Map();
    for (const [name, attribute] of Object.entries(group.attrs)) {
      const elements = (attribute.shape ?? []).reduce((product, length) => product * Number(length), 1);
      // Attributes are never compressed.
      if (elements * attribute.metadata.size > this.fileBytes) throw new Error(`attribute "${name}" is larger than the file`);
      const value = attribute.value;
      if (typeof value === 'string') texts.set(name, value);
      else if (value instanceof Uint8Array && value.length > 0) texts.set(name, new TextDecoder().decode(value));
      else if (
        Array.isArray(value) ? value.every((text) => typeof text === 'string') : ArrayBuffer.isView(value) && value.byteLength === 0
      ) {
        texts.set(
          name,
          Array.from(/** @type {Iterable<unknown>} */ (value), (text) => String(text).replace(/\0+$/, '')),
        );
      }
    }
    return texts;
  }

  /** @param {h5wasm.Dataset} dataset @returns {Hdf5DatasetContent} */
  dataset(dataset) {
    const { type, size } = dataset.metadata;
    const shape = (dataset.shape ?? []).map(Number);
    const elements = shape.reduce((product, length) => product * length, 1);
    this.contentBytes -= elements * Math.max(size, 4);
    if (!(this.contentBytes >= 0)) throw new Error('its datasets are larger than the file can hold');
    if (!(type === floatClass && (size === 4 || size === 8)) && !(type === integerClass && size <= 8))
      return { kind: 'dataset', shape, values: undefined };
    const values = toFloats(dataset.value);
    if (values.length !== elements) throw new Error(`a dataset has ${values.length} of ${elements} elements`);
    this.buffers.push(values.buffer);
    return { kind: 'dataset', shape, values };
  }
}

/** @param {unknown} value a typed array, or the number of a dataset without axes */
function toFloats(value) {
  if (value instanceof Float32Array) return value.slice();
  if (!ArrayBuffer.isView(value)) return Float32Array.of(Number(value));
  return Float32Array.from(/** @type {ArrayLike<number | bigint>} */ (/** @type {unknown} */ (value)), Number);
}

/** No file is read this many times over: its parts point at each other in a circle. */
const mostReadings = 64;
/** And for small ones this many bytes and calls: the library reads ahead. */
const fewestBytes = 2 ** 26;
const fewestCalls = 1_000_000;

/** @type {{ work: Int32Array, bytes: number, calls: number }} what is left to the reading at hand */
let allowance = { work: new Int32Array(1), bytes: 0, calls: 0 };

/**
 * Counts every read of the files in the library's memory, and fails those beyond the bound.
 *
 * @param {typeof h5wasm.Module.FS} files @param {string} path of any file
 */
function countReads(files, path) {
  /** @typedef {{ read: (...args: readonly unknown[]) => number, counted?: boolean }} Operations */
  const system = /** @type {{ open(path: string, flags: string): { stream_ops: Operations }, close(stream: object): void }} */ (
    /** @type {unknown} */ (files)
  );
  const stream = system.open(path, 'r');
  const operations = stream.stream_ops;
  system.close(stream);
  if (operations.counted === true) return;
  const original = operations.read;
  operations.read = (...args) => {
    const bytes = original(...args);
    Atomics.add(allowance.work, 0, 1);
    allowance.bytes -= bytes;
    if (--allowance.calls < 0 || allowance.bytes < 0) throw new Error('its parts lead in a circle: it is read over and over');
    return bytes;
  };
  operations.counted = true;
}

/** @param {CountedRequest} request @param {typeof h5wasm.Module.FS} files */
function read(request, files) {
  const path = '/model.h5';
  memoryBytes = request.memoryBytes;
  const size = request.bytes.length;
  allowance = { work: request.work, bytes: Math.max(fewestBytes, mostReadings * size), calls: fewestCalls + size / mostReadings };
  files.writeFile(path, request.bytes);
  countReads(files, path);
  const file = new h5wasm.File(path, 'r');
  try {
    if (file.file_id < 0n) throw new Error('not an HDF5 file');
    const reader = new FileReader(request);
    const root = reader.group(
      file,
      file.keys().filter((name) => request.groups.includes(name)),
    );
    reply({ kind: 'content', root }, reader.buffers);
  } finally {
    file.close();
    files.unlink(path);
  }
}

/** The message has the library's whole call stack, `… line 1234 in H5F_open(): unable to read superblock`; the innermost call names the cause. @param {string} message */
function innermost(message) {
  const calls = [...message.matchAll(/ in \w+\(\): (.+)/g)];
  return calls.at(-1)?.[1] ?? message;
}

const library = await h5wasm.ready;
// The library prints its errors otherwise, and goes on.
library.activate_throwing_error_handler();
parentPort?.on('message', (request) => {
  try {
    read(request, library.FS);
  } catch (error) {
    reply({ kind: 'damaged', message: innermost(error instanceof Error ? error.message : String(error)) });
  }
});
reply({ kind: 'ready' });
