import type { CertificateCheck, CertificateVerdict } from '../../shared/results.ts';
import { EspalierError } from '../errors.ts';
import { floatTensors } from '../tflite/float-tensors.ts';
import { unpackModel } from '../tflite/pack/unpack-model.ts';
import { tensorBits } from '../tflite/schema/tensor-types.ts';
import { readTflite } from '../tflite/read-tflite.ts';
import { uprightModel } from '../tflite/upright-model.ts';
import type { TfliteModel } from '../tflite/tflite-model.ts';
import type { Expectations, WeightExpectation } from '../constraints/expectation.ts';
import { packedChecks } from './certify-packed.ts';
import { channelOf, kernelTensors, zeroPoint, type KernelTensor } from './kernel-tensors.ts';
import { kernelMetrics } from './weight-metrics.ts';

export interface Certification {
  readonly bytes: Uint8Array;
  /** Without any: every kernel must keep its parent's zeros and clusters, when there is a parent. */
  readonly expectations?: Expectations;
  /** The .tflite that this one was made from. */
  readonly parent?: Uint8Array | undefined;
  /** Its packed form, which must decode to it. */
  readonly packed?: Uint8Array | undefined;
}

/** Checks a .tflite against expectations, from the numbers in the file alone; packed kernels are decoded. */
export function certify({ bytes, expectations, parent, packed }: Certification): CertificateVerdict {
  const model = unpackModel(readTflite(bytes));
  const kernels = kernelTensors(uprightModel(model));
  const parentKernels = parent === undefined ? undefined : kernelTensors(uprightModel(unpackModel(readTflite(parent))));
  const { weights, sharedZeros, fullInteger }: Expectations = expectations ?? {
    weights:
      parent === undefined
        ? []
        : kernels.map((kernel, index) => ({ layer: kernel.layer, kernel: index, keepsParentZeros: true, keepsParentClusters: true })),
  };
  const checks = weights.flatMap((expectation) => {
    const kernel = findKernel(kernels, expectation);
    if (kernel === undefined) return [check(expectation.layer, 'kernel', 'in the file', 'missing', false)];
    return weightChecks(kernel, expectation, parentKernels === undefined ? undefined : matchingKernel(parentKernels, kernels, kernel));
  });
  if (sharedZeros !== undefined) {
    const found = sharedZeros.kernels.reduce((sum, index) => sum + zerosOf(kernels[index]), 0);
    checks.push(check('', 'zeros of all pruned kernels', `at least ${sharedZeros.zeros}`, `${found}`, found >= sharedZeros.zeros));
  }
  if (fullInteger === true) checks.push(fullIntegerCheck(model));
  if (packed !== undefined) checks.push(...packedChecks(packed, bytes));
  return { passed: checks.every((entry) => entry.passed), checks };
}

function zerosOf(kernel: KernelTensor | undefined): number {
  return kernel === undefined ? 0 : kernelMetrics(kernel).zeros;
}

function findKernel(kernels: readonly KernelTensor[], expectation: WeightExpectation): KernelTensor | undefined {
  if (expectation.kernel !== undefined) return kernels[expectation.kernel];
  return (
    kernels.find(({ layer }) => layer === expectation.layer) ??
    kernels.find(({ tensor }) => tensor.name === expectation.layer || tensor.name.startsWith(`${expectation.layer}/`)) ??
    kernels.find(({ layer }) => layer.startsWith(`${expectation.layer}/`))
  );
}

/** Parent and child have the same kernels in the same order; names may have changed on the way. */
function matchingKernel(
  parents: readonly KernelTensor[],
  kernels: readonly KernelTensor[],
  kernel: KernelTensor,
): KernelTensor | undefined {
  // A stripped file has no names.
  const byName = parents.find(({ tensor }) => tensor.name !== '' && tensor.name === kernel.tensor.name);
  const found = byName ?? parents[kernels.indexOf(kernel)];
  return found !== undefined && found.values.length === kernel.values.length ? found : undefined;
}

function weightChecks(kernel: KernelTensor, expectation: WeightExpectation, parent: KernelTensor | undefined): CertificateCheck[] {
  const metrics = kernelMetrics(kernel);
  const checks: CertificateCheck[] = [];
  const add = (property: string, expected: string, found: string, passed: boolean): void => {
    checks.push(check(expectation.layer, property, expected, found, passed));
  };
  if (expectation.zeros !== undefined)
    add('zeros', `at least ${expectation.zeros} of ${metrics.elements}`, `${metrics.zeros}`, metrics.zeros >= expectation.zeros);
  if (expectation.uniqueValues !== undefined)
    add(
      'unique values',
      `at most ${expectation.uniqueValues}`,
      `${metrics.uniqueValues}`,
      metrics.uniqueValues <= expectation.uniqueValues,
    );
  if (expectation.uniqueValuesPerChannel !== undefined)
    add(
      'unique values per channel',
      `at most ${expectation.uniqueValuesPerChannel}`,
      `${metrics.uniqueValuesPerChannel}`,
      metrics.uniqueValuesPerChannel <= expectation.uniqueValuesPerChannel,
    );
  if (expectation.sparse === true) {
    const sparse = kernel.tensor.sparsity !== undefined;
    add('storage', 'sparse', sparse ? 'sparse' : 'dense', sparse);
  }
  if (expectation.bits !== undefined)
    add('bits a weight', `${expectation.bits}`, `${tensorBits(kernel.tensor.type)}`, tensorBits(kernel.tensor.type) === expectation.bits);
  if (expectation.activationBits !== undefined) {
    const found = kernel.activations === undefined ? 0 : tensorBits(kernel.activations);
    add('bits an activation', `${expectation.activationBits}`, `${found}`, found === expectation.activationBits);
  }
  if (expectation.group !== undefined) {
    const { zeros, groupSize } = expectation.group;
    const broken = brokenGroups(kernel, zeros, groupSize);
    add('N:M groups', `${zeros} zeros in each ${groupSize}`, broken === 0 ? 'all hold' : `${broken} groups with fewer`, broken === 0);
  }
  if (expectation.blocks !== undefined) {
    const { zeros, size } = expectation.blocks;
    const found = zeroBlocks(kernel, size);
    add('blocks of zeros', `at least ${zeros} of ${size.join(' x ')}`, `${found}`, found >= zeros);
  }
  if (expectation.keepsParentZeros === true) {
    const lost = parent === undefined ? undefined : lostZeros(kernel, parent);
    add(
      "parent's zeros",
      'all kept',
      lost === undefined
        ? 'no parent kernel of this shape'
        : lost === 0
          ? `all ${kernelMetrics(parent ?? kernel).zeros} kept`
          : `${lost} lost`,
      lost === 0,
    );
  }
  if (expectation.keepsParentClusters === true) {
    const split = parent === undefined ? undefined : splitClusters(kernel, parent);
    add(
      "parent's clusters",
      'all kept',
      split === undefined ? 'no parent kernel of this shape' : split === 0 ? 'all kept' : `${split} split`,
      split === 0,
    );
  }
  return checks;
}

function isZero(kernel: KernelTensor, index: number): boolean {
  return kernel.values[index] === zeroPoint(kernel, channelOf(kernel.shape, kernel.channelAxis, index));
}

function lostZeros(kernel: KernelTensor, parent: KernelTensor): number {
  let lost = 0;
  for (let i = 0; i < kernel.values.length; i++) if (isZero(parent, i) && !isZero(kernel, i)) lost++;
  return lost;
}

/**
 * Groups of weights that were one value in the parent, within an output channel, and no longer are. Rounding to
 * integers may merge clusters, but never split one.
 */
function splitClusters(kernel: KernelTensor, parent: KernelTensor): number {
  const values = new Map<string, number>();
  const split = new Set<string>();
  for (let i = 0; i < kernel.values.length; i++) {
    const key = `${channelOf(kernel.shape, kernel.channelAxis, i)}:${parent.values[i] ?? 0}`;
    const value = kernel.values[i] ?? 0;
    const first = values.get(key);
    if (first === undefined) values.set(key, value);
    else if (first !== value) split.add(key);
  }
  return split.size;
}

/** Groups run along the last axis (the input channels in TFLite's layout, of depthwise kernels all channels); a row's last group may be shorter. */
function brokenGroups(kernel: KernelTensor, zeros: number, groupSize: number): number {
  if (groupSize < 1)
    throw new EspalierError('invalid-argument', `groups of ${groupSize} weights`, {
      where: kernel.layer,
      fix: 'give a group size above 0',
    });
  const row = kernel.shape.at(-1) ?? 1;
  let broken = 0;
  for (let start = 0; start < kernel.values.length; start += row) {
    for (let group = start; group < start + row; group += groupSize) {
      const end = Math.min(group + groupSize, start + row);
      // Padding with zeros completes a short group.
      let found = groupSize - (end - group);
      for (let i = group; i < end; i++) if (isZero(kernel, i)) found++;
      if (found < zeros) broken++;
    }
  }
  return broken;
}

/** Whole blocks of zeros of a kernel as a matrix `[out, elements]`; blocks at the edge are cut off. */
function zeroBlocks(kernel: KernelTensor, [height, width]: readonly [number, number]): number {
  const rows = kernel.shape[0] ?? 1;
  const columns = kernel.values.length / rows;
  const across = Math.ceil(columns / width);
  const full = new Uint8Array(Math.ceil(rows / height) * across);
  for (let i = 0; i < kernel.values.length; i++) {
    if (isZero(kernel, i)) continue;
    full[Math.floor(Math.floor(i / columns) / height) * across + Math.floor((i % columns) / width)] = 1;
  }
  return full.filter((block) => block === 0).length;
}

function fullIntegerCheck(model: TfliteModel): CertificateCheck {
  const found = floatTensors(model);
  return check(
    '',
    'full integer',
    'no float tensor but inputs and outputs',
    found.length === 0 ? 'none' : `${found.length}: ${found.slice(0, 3).join(', ')}`,
    found.length === 0,
  );
}

function check(layer: string, property: string, expected: string, found: string, passed: boolean): CertificateCheck {
  return { layer, property, expected, found, passed };
}
