/**
 * Names, signatures, the description and metadata are read by programs on a computer, never by TFLite Micro. A compact
 * file has them as one compressed entry of its metadata, so that it takes little flash and still gives all of them back.
 */
import { deflateSync, inflateSync } from 'fflate';
import { EspalierError } from '../errors.ts';
import type { Metadata, Signature, SignatureTensor, TfliteModel } from './tflite-model.ts';

/** TFLite Micro reads where buffers lie from it, if a file has it. */
export const runtimeMetadata = ['OfflineMemoryAllocation'];

const textsName = 'espalier';

/** The model with its texts in one compressed entry, which `withTexts` undoes. */
export function withoutTexts(model: TfliteModel): TfliteModel {
  const { description, signatures, metadata, subgraphs } = model;
  const [kept, moved] = [true, false].map((isKept) => metadata.filter(({ name }) => runtimeMetadata.includes(name) === isKept));
  const texts = [
    description,
    signatures.map(({ key, subgraph, inputs, outputs }) => [key, subgraph, ...[inputs, outputs].map(pairs)]),
    (moved ?? []).map(({ name, data }) => [name, Array.from(data, (byte) => String.fromCharCode(byte)).join('')]),
    subgraphs.map(({ name, tensors }) => [name, ...withoutTrailingEmpty(tensors.map((tensor) => tensor.name))]),
  ];
  const data = deflateSync(new TextEncoder().encode(JSON.stringify(texts)), { level: 9 });
  return {
    description: '',
    signatures: [],
    metadata: [...(kept ?? []), { name: textsName, data }],
    subgraphs: subgraphs.map((graph) => ({ ...graph, name: '', tensors: graph.tensors.map((tensor) => ({ ...tensor, name: '' })) })),
    isForFlash: model.isForFlash,
  };
}

/**
 * The model of a file with the texts that `withoutTexts` moved; a model without them stays as it is. Deflate makes at most
 * a thousand bytes of one, so that the work is bounded by the file.
 *
 * @throws EspalierError `invalid-model` for an entry that is damaged
 */
export function withTexts(model: TfliteModel): TfliteModel {
  const entry = model.metadata.find(({ name }) => name === textsName);
  if (entry === undefined) return model;
  const [description, signatures, metadata, graphs] = list(parse(entry.data));
  const namesOf = list(graphs).map((names) => list(names).map(text));
  return {
    description: text(description),
    signatures: list(signatures).map((signature) => signatureOf(signature, model)),
    metadata: [...model.metadata.filter((other) => other !== entry), ...list(metadata).map(metadataOf)],
    subgraphs: model.subgraphs.map((graph, i) => {
      const [name = '', ...names] = namesOf[i] ?? [];
      return { ...graph, name, tensors: graph.tensors.map((tensor, index) => ({ ...tensor, name: names[index] ?? '' })) };
    }),
    isForFlash: true,
  };
}

/** Tensors that packing adds come last and have no names. */
function withoutTrailingEmpty(names: readonly string[]): readonly string[] {
  return names.slice(0, names.findLastIndex((name) => name !== '') + 1);
}

function pairs(tensors: readonly SignatureTensor[]): readonly unknown[] {
  return tensors.map(({ name, tensor }) => [name, tensor]);
}

function signatureOf(value: unknown, { subgraphs }: TfliteModel): Signature {
  const [key, subgraph, inputs, outputs] = list(value);
  const of = index(subgraph, subgraphs.length);
  const tensors = subgraphs[of]?.tensors.length ?? 0;
  const mapOf = (values: unknown): readonly SignatureTensor[] =>
    list(values).map((pair) => {
      const [name, tensor] = list(pair);
      return { name: text(name), tensor: index(tensor, tensors) };
    });
  return { key: text(key), subgraph: of, inputs: mapOf(inputs), outputs: mapOf(outputs) };
}

function metadataOf(value: unknown): Metadata {
  const [name, data] = list(value).map(text);
  return { name: name ?? '', data: Uint8Array.from(data ?? '', (character) => character.charCodeAt(0)) };
}

function parse(data: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(inflateSync(data)));
  } catch {
    throw damaged('they do not decompress');
  }
}

function list(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw damaged('a list is missing');
  return value;
}

function text(value: unknown): string {
  if (typeof value !== 'string') throw damaged('a name is missing');
  return value;
}

function index(value: unknown, count: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value >= count) throw damaged(`an index is not below ${count}`);
  return value;
}

function damaged(what: string): EspalierError {
  return new EspalierError('invalid-model', `its compressed names are damaged: ${what}`, {
    where: `.tflite file, metadata "${textsName}"`,
    fix: 'pack the plain file again',
  });
}
