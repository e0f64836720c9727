/**
 * How much each layer of a network suffers from each choice, as plain data: `core/sensitivity` measures it, the command
 * line and the panel show it, a search allocates by it.
 */
import type { LayerChoice } from './layer-choices.ts';

export const SENSITIVITY_VERSION = 2;

/** Ways to count the bytes of a kernel, each an estimate of its part in the file. */
export const byteCounts = ['raw', 'gzip', 'packed', 'ethosU'] as const;
export type ByteCount = (typeof byteCounts)[number];
export type Bytes = Readonly<Record<ByteCount, number>>;

export function mapBytes(each: (count: ByteCount) => number): Bytes {
  return { raw: each('raw'), gzip: each('gzip'), packed: each('packed'), ethosU: each('ethosU') };
}

export const byteCountTitles: Readonly<Record<ByteCount, string>> = { raw: 'raw', gzip: 'gzip', packed: 'packed', ethosU: 'Ethos-U' };

/** Where cycles are counted: on the core of a target, and on its NPU. */
export const cycleCounts = ['cortexM', 'ethosU'] as const;
export type CycleCount = (typeof cycleCounts)[number];
/**
 * Cycles of a layer in one inference, an estimate by the model of the core or NPU. Missing where the target has none, where
 * the NPU does not run the layer, and where the model of the core says nothing of it (int16 activations).
 */
export type Cycles = Readonly<Partial<Record<CycleCount, number | undefined>>>;
/** `cortex-m55`, `ethos-u55-128` */
export type CycleTargets = Readonly<Partial<Record<CycleCount, string | undefined>>>;

export interface SensitivityReport {
  readonly version: typeof SENSITIVITY_VERSION;
  readonly model: string;
  /** How outputs are compared: `KL divergence` in nats, or `normalized squared error`. */
  readonly divergence: string;
  /** Training examples that outputs were compared on. */
  readonly examples: number;
  readonly engine: string;
  /** What the int8 file takes besides the kernels. */
  readonly overhead: Bytes;
  /** What cycles are estimated for. */
  readonly targets: CycleTargets;
  readonly layers: readonly LayerSensitivity[];
  readonly warnings: readonly string[];
}

export interface LayerSensitivity {
  readonly layer: string;
  /** `conv2d`, `dense`, … */
  readonly operation: string;
  readonly shape: readonly number[];
  readonly elements: number;
  /** Multiply-accumulates of one inference. */
  readonly macs: number;
  /** Whether zeros, values and levels were fitted to the layer's inputs; else its weights alone decide. */
  readonly fitted: boolean;
  readonly choices: readonly ChoiceSensitivity[];
}

export interface ChoiceSensitivity extends LayerChoice {
  /** Of the network's output from the whole float network's, with this layer alone changed; at least 0. */
  readonly divergence: number;
  /** False where it follows from the error of the layer's outputs and measured neighbours. */
  readonly measured: boolean;
  readonly bytes: Bytes;
  readonly cycles: Cycles;
}

/**
 * Cycles that a choice saves of those of the layer with 8 bits, an estimate; below 0 where it takes more. 0 for what the
 * hardware does not skip, such as zeros on a Cortex-M.
 */
export function cyclesSaved({ choices }: LayerSensitivity, choice: ChoiceSensitivity | undefined, count: CycleCount): number | undefined {
  const whole = choices[0]?.cycles[count];
  const changed = choice?.cycles[count];
  return whole === undefined || changed === undefined ? undefined : whole - changed;
}
