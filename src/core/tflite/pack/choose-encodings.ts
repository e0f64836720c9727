import type { PackGoal } from '../../../shared/packing.ts';
import { codedBits, codeLengths, histogramOf, type Histogram } from './huffman-code.ts';
import { encodeWith, huffmanCode } from './huffman.ts';
import type { PackableTensor } from './packable-tensor.ts';
import type { EncodedTensor } from './scheme.ts';
import { schemesFor } from './schemes.ts';

/** Bytes of a further tensor in a compact file: table, shape, place in the list. */
const tensorBytes = 28;
/** Bytes of the operator that decodes: table, inputs, outputs, place in the list. */
const operatorBytes = 36;

/** Bytes of a buffer in a compact file, which fills most gaps of alignment: data and their length, its table, its place in the list. */
export function bufferBytes(length: number): number {
  return 4 * Math.ceil(length / 4) + 16;
}

/** What a tensor adds to the file when it is packed, tables included. */
function packedBytes({ encoded, ancillary }: EncodedTensor): number {
  return bufferBytes(encoded.length) + bufferBytes(ancillary.length) + 2 * tensorBytes + operatorBytes;
}

function plainBytes({ values }: PackableTensor): number {
  return bufferBytes(values.byteLength);
}

/** The encoding of each tensor that makes the file smallest; undefined where that is the plain one. */
export function chooseEncodings(tensors: readonly PackableTensor[], goal: PackGoal): readonly (EncodedTensor | undefined)[] {
  const alone = tensors.map((tensor) => smallestAlone(tensor, goal));
  const canShare = schemesFor[goal].some(({ name }) => name === 'huffman');
  return canShare ? shareCodes(tensors, alone) : alone;
}

function smallestAlone(tensor: PackableTensor, goal: PackGoal): EncodedTensor | undefined {
  let best: EncodedTensor | undefined;
  let bytes = plainBytes(tensor);
  for (const scheme of schemesFor[goal]) {
    const encoded = scheme.encode(tensor);
    if (encoded === undefined || packedBytes(encoded) >= bytes) continue;
    best = encoded;
    bytes = packedBytes(encoded);
  }
  return best;
}

/** Tensors that have one Huffman code in common, or a tensor by itself. */
interface Group {
  readonly members: readonly number[];
  readonly histograms: readonly Histogram[];
  readonly counts: Histogram;
  readonly bytes: number;
}

/**
 * The tables of a code take some hundred bytes, which is much beside a small kernel. So kernels whose values are spread
 * alike share one: the pair of groups whose union saves most is united, as long as any saves something.
 */
function shareCodes(
  tensors: readonly PackableTensor[],
  alone: readonly (EncodedTensor | undefined)[],
): readonly (EncodedTensor | undefined)[] {
  const groups: Group[] = smallestTensors(tensors).map((index) => {
    const histogram = histogramOf(tensors[index]?.values ?? []);
    const encoded = alone[index];
    const tensor = tensors[index];
    const bytes = encoded === undefined ? (tensor === undefined ? 0 : plainBytes(tensor)) : packedBytes(encoded);
    return { members: [index], histograms: [histogram], counts: histogram, bytes };
  });
  let pairs = groups.flatMap((a, i) => groups.slice(i + 1).map((b) => unite(a, b)));
  for (;;) {
    const best = pairs.reduce<Union | undefined>((most, pair) => (pair.saved > (most?.saved ?? 0) ? pair : most), undefined);
    if (best === undefined) break;
    const remaining = groups.filter((group) => group !== best.a && group !== best.b);
    pairs = pairs.filter(({ a, b }) => remaining.includes(a) && remaining.includes(b));
    pairs.push(...remaining.map((group) => unite(group, best.united)));
    groups.splice(0, groups.length, ...remaining, best.united);
  }
  const chosen = [...alone];
  for (const { members, counts } of groups) {
    if (members.length === 1) continue;
    const code = huffmanCode(counts, 'int8');
    for (const index of members) {
      const tensor = tensors[index];
      if (tensor !== undefined) chosen[index] = encodeWith(code, tensor);
    }
  }
  return chosen;
}

/** So many take part, the smallest first: what large kernels could share is nothing beside their weights. */
const mostSharing = 48;

function smallestTensors(tensors: readonly PackableTensor[]): readonly number[] {
  return tensors
    .flatMap(({ type }, index) => (type === 'int8' ? [index] : []))
    .sort((a, b) => (tensors[a]?.values.length ?? 0) - (tensors[b]?.values.length ?? 0))
    .slice(0, mostSharing);
}

interface Union {
  readonly a: Group;
  readonly b: Group;
  readonly united: Group;
  readonly saved: number;
}

/** Bytes of the tables of a code by the number of its symbols, before they are built: about one and a half entries each. */
const tableBytesPerSymbol = 3;

function unite(a: Group, b: Group): Union {
  const counts = new Map(a.counts);
  for (const [symbol, count] of b.counts) counts.set(symbol, (counts.get(symbol) ?? 0) + count);
  const lengths = codeLengths(counts);
  const histograms = [...a.histograms, ...b.histograms];
  const coded = histograms.reduce(
    (sum, histogram) => sum + bufferBytes(4 * Math.ceil(codedBits(histogram, lengths) / 32 + 1)) + tensorBytes + operatorBytes,
    0,
  );
  const bytes = coded + bufferBytes(16 + tableBytesPerSymbol * counts.size) + tensorBytes;
  return { a, b, united: { members: [...a.members, ...b.members], histograms, counts, bytes }, saved: a.bytes + b.bytes - bytes };
}
