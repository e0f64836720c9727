/**
 * What CMSIS-NN's int8 kernels take on each core, in cycles, fitted to published results. Networks with caches, slow flash or other compilers differ
 * by 30% and more: an estimate.
 */
import type { KernelLibrary } from '../../../shared/hardware.ts';

export const cortexMNames = ['cortex-m4', 'cortex-m7', 'cortex-m33', 'cortex-m55', 'cortex-m85'] as const;
export type CortexMName = (typeof cortexMNames)[number];

export interface CortexM {
  readonly kernels: KernelLibrary;
  /** Cycles of a multiply-accumulate, by what it belongs to. */
  readonly convolution: number;
  readonly depthwise: number;
  /** Dense layers read each weight once, from flash. */
  readonly dense: number;
  /** Cycles of an output element: requantizing, activation, storing. */
  readonly output: number;
  /** Published results, and how far the fit is from them. */
  readonly source: string;
}

const mlperf = 'MLPerf Tiny (keyword spotting, image classification, visual wake words, anomaly detection)';

const cores: Readonly<Record<CortexMName, CortexM>> = {
  'cortex-m4': {
    kernels: 'cmsis-nn-dsp',
    convolution: 3,
    depthwise: 6,
    dense: 3.7,
    output: 10,
    source: `${mlperf} v1.0 and v1.1 with CMSIS-NN on Cortex-M4: OctoML, Skymizer, Nuvoton; within -25% and +38%`,
  },
  'cortex-m7': {
    kernels: 'cmsis-nn-dsp',
    convolution: 1.7,
    depthwise: 2.7,
    dense: 2.1,
    output: 1,
    source: `the same on Cortex-M4, times what STMicroelectronics' results say of Cortex-M7 against Cortex-M4; within -27% and +34%`,
  },
  'cortex-m33': {
    kernels: 'cmsis-nn-dsp',
    convolution: 3.4,
    depthwise: 5.2,
    dense: 3.2,
    output: 10,
    source: `${mlperf} v0.7 and v1.0 with CMSIS-NN on Cortex-M33: Renesas, OctoML; within -10% and +9%`,
  },
  'cortex-m55': {
    kernels: 'cmsis-nn-mve',
    convolution: 0.21,
    depthwise: 1.93,
    dense: 0.84,
    output: 16.8,
    source: 'MobileNetV2 with CMSIS-NN on an Alif E8, operator by operator (pytorch/executorch #17651); dense layers as on Cortex-M85',
  },
  'cortex-m85': {
    kernels: 'cmsis-nn-mve',
    convolution: 0.14,
    depthwise: 0.28,
    dense: 0.84,
    output: 20,
    source: `${mlperf} v1.2 with CMSIS-NN on Cortex-M85: Renesas; within -10% and +12%`,
  },
};

export function cortexM(name: CortexMName): CortexM {
  return cores[name];
}

export function isCortexMName(name: string): name is CortexMName {
  return cortexMNames.some((known) => known === name);
}
