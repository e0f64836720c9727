import { isArrayOf, isCount, isNumber, isObjectOf, isPairOf, isString, optional, parseChecked } from '../../shared/checked-json.ts';
import type { CurvePoint, RangeTest } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';

/** Everything that the rest of a training depends on, besides its settings, data and seed. */
export interface TrainingState {
  /** Steps done. */
  readonly step: number;
  /** Weights, moments, statistics, centroids, masks and activation ranges, by name. */
  readonly tensors: ReadonlyMap<string, Float32Array>;
  /** The best epoch so far, where validation chooses. */
  readonly best: BestEpoch | undefined;
  readonly curve: readonly CurvePoint[];
  /** Sums since the last point of the curve. */
  readonly pending: PendingPoint;
  /** Spent on training until here. */
  readonly seconds: number;
  /** Where a test chose the learning rate. */
  readonly rangeTest?: RangeTest | undefined;
}

export interface BestEpoch {
  readonly step: number;
  readonly score: number;
  readonly tensors: ReadonlyMap<string, Float32Array>;
}

export interface PendingPoint {
  readonly loss: number;
  readonly correct: number;
  readonly examples: number;
}

/** `ESPT`: the first four bytes of a checkpoint. */
const magic = 0x54505345;
const version = 1;

interface Header {
  readonly step: number;
  readonly best: { readonly step: number; readonly score: number } | undefined;
  readonly curve: readonly CurvePoint[];
  readonly pending: PendingPoint;
  readonly seconds: number;
  readonly rangeTest?: RangeTest | undefined;
  readonly tensors: readonly (readonly [name: string, length: number])[];
  readonly bestTensors: readonly (readonly [name: string, length: number])[];
}

/** As bytes: magic, version, length of the header, the header in JSON, then the tensors as little-endian float32. */
export function encodeTrainingState(state: TrainingState): Uint8Array {
  const tensors = [...state.tensors];
  const bestTensors = [...(state.best?.tensors ?? [])];
  const header: Header = {
    step: state.step,
    best: state.best === undefined ? undefined : { step: state.best.step, score: state.best.score },
    curve: state.curve,
    pending: state.pending,
    seconds: state.seconds,
    rangeTest: state.rangeTest,
    tensors: tensors.map(([name, { length }]) => [name, length]),
    bestTensors: bestTensors.map(([name, { length }]) => [name, length]),
  };
  const json = new TextEncoder().encode(JSON.stringify(header));
  const all = [...tensors, ...bestTensors];
  const bytes = new Uint8Array(12 + json.length + 4 * all.reduce((total, [, { length }]) => total + length, 0));
  const view = new DataView(bytes.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, version, true);
  view.setUint32(8, json.length, true);
  bytes.set(json, 12);
  let offset = 12 + json.length;
  for (const [, data] of all) {
    for (const number of data) {
      view.setFloat32(offset, number, true);
      offset += 4;
    }
  }
  return bytes;
}

/** @throws EspalierError when the bytes are not a whole checkpoint of this version */
export function decodeTrainingState(bytes: Uint8Array): TrainingState {
  const damaged = (what: string): EspalierError =>
    new EspalierError('invalid-data', `the checkpoint ${what}`, { fix: 'delete it and train from the start' });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < 12 || view.getUint32(0, true) !== magic) throw damaged('is not one of Espalier');
  if (view.getUint32(4, true) !== version) throw damaged(`has version ${view.getUint32(4, true)}, not ${version}`);
  const start = 12 + view.getUint32(8, true);
  if (start > bytes.length) throw damaged('is cut off');
  const header = parseChecked(new TextDecoder().decode(bytes.subarray(12, start)), isHeader);
  if (header === undefined) throw damaged('has a damaged header');
  let offset = start;
  const read = (entries: Header['tensors']): Map<string, Float32Array> =>
    new Map(
      entries.map(([name, length]) => {
        if (offset + 4 * length > bytes.length) throw damaged('is cut off');
        const data = Float32Array.from({ length }, (_, i) => view.getFloat32(offset + 4 * i, true));
        offset += 4 * length;
        return [name, data];
      }),
    );
  const tensors = read(header.tensors);
  const bestTensors = read(header.bestTensors);
  if (offset !== bytes.length) throw damaged('is longer than it says');
  const { step, curve, pending, seconds, rangeTest } = header;
  const best = header.best === undefined ? undefined : { ...header.best, tensors: bestTensors };
  return { step, curve, pending, seconds, tensors, best, ...(rangeTest === undefined ? {} : { rangeTest }) };
}

const isEntry = isPairOf(isString, isCount);
const isHeader = isObjectOf<Header>({
  step: isCount,
  best: optional(isObjectOf({ step: isCount, score: isNumber })),
  curve: isArrayOf(isObjectOf<CurvePoint>({ step: isCount, loss: isNumber, accuracy: optional(isNumber) })),
  pending: isObjectOf<PendingPoint>({ loss: isNumber, correct: isNumber, examples: isNumber }),
  seconds: isNumber,
  rangeTest: optional(
    isObjectOf<RangeTest>({
      learningRate: isNumber,
      steps: isCount,
      curve: isArrayOf(isObjectOf<RangeTest['curve'][number]>({ rate: isNumber, change: isNumber })),
    }),
  ),
  tensors: isArrayOf(isEntry),
  bestTensors: isArrayOf(isEntry),
});
