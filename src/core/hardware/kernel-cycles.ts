import { readTflite } from '../tflite/read-tflite.ts';
import { cortexM } from './cortex-m/cores.ts';
import { operatorCycles } from './cortex-m/operator-cycles.ts';
import { ethosUChanges } from './ethos-u/estimate-ethos-u.ts';
import { graphOperators } from './graph-operators.ts';
import type { HardwareTarget } from './targets.ts';
import { requireOperators } from './tflite-micro-kernels.ts';

/** A layer of a file with another kernel or wider activations. */
export interface ChangedKernel {
  /** Name of the kernel's tensor. */
  readonly kernel: string;
  readonly bits: 8 | 4;
  /** Bytes that its weights take in the NPU's format, without scales and biases. */
  readonly streamBytes: number;
  readonly activationBits: 8 | 16;
}

/** Cycles of one inference; see `Cycles` in shared/sensitivity.ts for what is undefined. */
export interface KernelCycles {
  readonly cortexM: number | undefined;
  readonly ethosU: number | undefined;
}

/**
 * Cycles of the operators that read a kernel, on the core of a target and on its NPU, an estimate.
 *
 * The core takes as many for any weights: its kernels multiply zeros too, and what unpacks 4-bit weights is not counted. The NPU
 * waits for weights that take long to read, so fewer bytes can save it cycles; it has no kernels of 4-bit weights. How long
 * a core takes with int16 activations is not known.
 *
 * @param file an int8 .tflite
 * @throws EspalierError `invalid-model` or `unsupported-model`
 */
export function kernelCycles(file: Uint8Array, target: HardwareTarget): (changed: ChangedKernel) => KernelCycles {
  const graph = requireOperators(readTflite(file));
  const core = target.core === undefined ? undefined : cortexM(target.core);
  const npuCycles = target.npu === undefined ? undefined : ethosUChanges(graph, target.npu);
  const operators = graphOperators(graph);
  return ({ kernel, bits, streamBytes, activationBits }) => {
    const own = operators.filter(({ inputs }) => inputs.some((tensor) => tensor?.name === kernel));
    const onCore = core && activationBits === 8 ? own.map((operator) => operatorCycles(operator, core)) : [];
    const onNpu = npuCycles && bits === 8 ? own.map(({ index }) => npuCycles(index, { streamBytes, activationBits })) : [];
    return { cortexM: sum(onCore), ethosU: sum(onNpu) };
  };
}

/** Undefined where there is nothing, or an operator is not known. */
function sum(cycles: readonly (number | undefined)[]): number | undefined {
  return cycles.reduce(
    (total, each) => (total === undefined || each === undefined ? undefined : total + each),
    cycles.length === 0 ? undefined : 0,
  );
}
