import { elements, roundUp, storedShape, type FeatureMap, type NpuOperation } from './npu-operation.ts';
import type { NpuProgram } from './npu-program.ts';
import type { WeightPlan } from './weight-buffering.ts';

const alignment = 16;

export interface SramPeak {
  readonly bytes: number;
  /** Name of the operator that runs then. */
  readonly operator: string;
}

interface Life {
  bytes: number;
  first: number;
  last: number;
}

/**
 * Most bytes of SRAM in use while one operation runs: feature maps that are still read, and copies of its weights and of the next one's. An elementwise
 * operation may write over an input that is not read again.
 */
export function peakSram({ operations, inputs, outputs }: NpuProgram, plans: readonly WeightPlan[]): SramPeak {
  const lives = new Map<string, Life>();
  for (const [at, operation] of operations.entries()) {
    for (const map of [operation.input, operation.input2, operation.output]) {
      if (map?.storage === undefined || map.memory !== 'sram') continue;
      const known = lives.get(map.storage);
      if (known === undefined) lives.set(map.storage, { bytes: storedBytes(map), first: inputs.includes(map.storage) ? 0 : at, last: at });
      else {
        known.bytes = Math.max(known.bytes, storedBytes(map));
        known.last = at;
      }
    }
  }
  for (const output of outputs) {
    const life = lives.get(output);
    if (life !== undefined) life.last = operations.length - 1;
  }
  const usage = new Array<number>(operations.length).fill(0);
  const add = (at: number, bytes: number): void => {
    if (at >= 0 && at < usage.length) usage[at] = (usage[at] ?? 0) + bytes;
  };
  for (const { bytes, first, last } of lives.values()) for (let at = first; at <= last; at++) add(at, bytes);
  for (const [at, operation] of operations.entries()) {
    add(at, -reusedBytes(operation, lives, at));
    add(at, plans[at]?.bufferBytes ?? 0);
    add(at - 1, plans[at]?.bufferBytes ?? 0);
  }
  const at = usage.reduce((most, bytes, index) => (bytes > (usage[most] ?? 0) ? index : most), 0);
  return { bytes: usage[at] ?? 0, operator: operations[at]?.name ?? '' };
}

function storedBytes(map: FeatureMap): number {
  return roundUp((elements(storedShape(map)) * map.bits) / 8, alignment);
}

/** Of the output that takes the place of an input. */
function reusedBytes({ kind, input, input2, output }: NpuOperation, lives: ReadonlyMap<string, Life>, at: number): number {
  if (kind !== 'elementwise' || output.storage === undefined || lives.get(output.storage)?.first !== at) return 0;
  const isReusable = (map: FeatureMap | undefined): boolean =>
    map?.storage !== undefined &&
    map.bits === output.bits &&
    elements(map.shape) === elements(output.shape) &&
    lives.get(map.storage)?.last === at;
  return isReusable(input) || isReusable(input2) ? storedBytes(output) : 0;
}
