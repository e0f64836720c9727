import type { Estimate, FlashProfile, KernelLibrary } from '../../shared/hardware.ts';

/**
 * Bytes of code in flash, of objects compiled with GCC 12 -Os for Cortex-M4: interpreter, allocator, planner and what
 * reads the file, of TFLite Micro 90b983c.
 */
const runtimeBytes = 21_900;

/** Objects of each operator in TFLite Micro, with the parts that its variants share; float and integer variants come together. */
const operatorBytes: Readonly<Record<string, number>> = {
  CONV_2D: 3692,
  DEPTHWISE_CONV_2D: 3092,
  TRANSPOSE_CONV: 3304,
  FULLY_CONNECTED: 3104,
  ADD: 4962,
  SUB: 5052,
  MUL: 4626,
  AVERAGE_POOL_2D: 3754,
  MAX_POOL_2D: 3754,
  SOFTMAX: 3444,
  PAD: 2288,
  PADV2: 2288,
  MEAN: 4690,
  SUM: 4690,
  REDUCE_MAX: 4690,
  CONCATENATION: 2108,
  LOGISTIC: 2292,
  TANH: 2162,
  RELU: 1284,
  RELU6: 1284,
  LEAKY_RELU: 764,
  PRELU: 2610,
  HARD_SWISH: 806,
  RESHAPE: 342,
  SQUEEZE: 366,
  EXPAND_DIMS: 398,
  QUANTIZE: 1512,
  DEQUANTIZE: 484,
  STRIDED_SLICE: 3970,
  RESIZE_BILINEAR: 1844,
  RESIZE_NEAREST_NEIGHBOR: 1196,
  TFLM_DECODE: 6288,
};
/** About the middle of those above. */
const otherOperatorBytes = 2500;
/** Operators whose code is in the same objects. */
const sameObjects: Readonly<Record<string, string>> = {
  MAX_POOL_2D: 'AVERAGE_POOL_2D',
  SUM: 'MEAN',
  REDUCE_MAX: 'MEAN',
  RELU6: 'RELU',
  PADV2: 'PAD',
};

/** The int8 functions of CMSIS-NN that an operator calls besides, linked without what it does not reach: Cortex-M4, Cortex-M55. */
const cmsisBytes: Readonly<Record<string, readonly [dsp: number, mve: number]>> = {
  CONV_2D: [7040, 3392],
  DEPTHWISE_CONV_2D: [5208, 7968],
  FULLY_CONNECTED: [3102, 3056],
  ADD: [1248, 346],
  MUL: [612, 232],
  AVERAGE_POOL_2D: [1556, 1602],
  SOFTMAX: [3258, 3526],
};

/**
 * The file, which a microcontroller keeps in flash as it is, and the code that runs it: an estimate. The program's own code,
 * libraries of C, drivers and what the NPU runs are not counted.
 *
 * @param cpuKinds of the operators that the CPU runs: `CONV_2D`
 */
export function flashProfile(fileBytes: number, cpuKinds: Iterable<string>, kernels: KernelLibrary): FlashProfile {
  const code = codeBytes(cpuKinds, kernels);
  return { bytes: fileBytes + code.bytes, fileBytes, code };
}

function codeBytes(cpuKinds: Iterable<string>, kernels: KernelLibrary): Estimate {
  const objects = new Set([...cpuKinds].map((kind) => (Object.hasOwn(sameObjects, kind) ? (sameObjects[kind] ?? kind) : kind)));
  let bytes = runtimeBytes;
  for (const kind of objects) bytes += (Object.hasOwn(operatorBytes, kind) ? operatorBytes[kind] : otherOperatorBytes) ?? 0;
  if (kernels !== 'reference') {
    const column = kernels === 'cmsis-nn-mve' ? 1 : 0;
    for (const kind of objects) bytes += Object.hasOwn(cmsisBytes, kind) ? (cmsisBytes[kind]?.[column] ?? 0) : 0;
  }
  const library = kernels === 'reference' ? '' : ' with CMSIS-NN';
  return { bytes, source: `objects of TFLite Micro 90b983c${library}, GCC 12 -Os for Cortex-M, without libraries of C and drivers` };
}
