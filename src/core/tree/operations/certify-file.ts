import { basename } from 'node:path';
import type { CertificateVerdict, WeightMetrics } from '../../../shared/results.ts';
import { withFileInErrors } from '../../import/file-errors.ts';
import { certify } from '../../measure/certify.ts';
import { packedChecks } from '../../measure/certify-packed.ts';
import type { WeightExpectation } from '../../constraints/expectation.ts';
import { weightMetrics } from '../../measure/weight-metrics.ts';
import { floatTensors } from '../../tflite/float-tensors.ts';
import { unpackModel } from '../../tflite/pack/unpack-model.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { requireTflite } from './read-model-file.ts';

export const CERTIFICATION_VERSION = 1;

/** Properties that a file must have; those that are left out are measured, but not checked. */
export interface CertificationDemands {
  /** In [0, 1): the share of zeros of every kernel, except depthwise ones, which pruning leaves out. */
  readonly sparsity?: number | undefined;
  /** Most different values in a kernel. */
  readonly clusters?: number | undefined;
  /** Most different values in an output channel. */
  readonly clustersPerChannel?: number | undefined;
  /** So many zeros in each group along the input channels: 2 of 4 in 2:4. */
  readonly group?: { readonly zeros: number; readonly groupSize: number } | undefined;
  readonly fullInteger?: boolean | undefined;
  /** The plain .tflite that the file, a packed one, must decode to. */
  readonly plain?: string | undefined;
}

export interface FileCertification {
  readonly version: typeof CERTIFICATION_VERSION;
  readonly file: string;
  readonly parent: string | undefined;
  /** No float tensor but inputs and outputs. */
  readonly fullInteger: boolean;
  readonly weights: readonly WeightMetrics[];
  /** Passed without checks when nothing was demanded and there is no parent. */
  readonly verdict: CertificateVerdict;
}

/**
 * Measures and judges a .tflite from its bytes alone. With a parent, every kernel is to keep the parent's zeros and
 * clusters.
 *
 * @throws EspalierError `file-access`, `invalid-model`; `unsupported-model` for a file that is no .tflite
 */
export async function certifyFile(file: string, parent?: string, demands: CertificationDemands = {}): Promise<FileCertification> {
  const bytes = await requireTflite(file);
  const parentBytes = parent === undefined ? undefined : await requireTflite(parent);
  const model = withFileInErrors(basename(file), () => unpackModel(readTflite(bytes)));
  if (parent !== undefined && parentBytes !== undefined) withFileInErrors(basename(parent), () => unpackModel(readTflite(parentBytes)));
  const weights = weightMetrics(model);
  const expectations = {
    weights: weights.map((kernel, index) => expectationOf(kernel, index, demands, parent !== undefined)),
    fullInteger: demands.fullInteger === true,
  };
  const verdict = certify({ bytes, expectations, parent: parentBytes });
  const plain = demands.plain === undefined ? undefined : await requireTflite(demands.plain);
  const packed = plain === undefined ? [] : withFileInErrors(basename(file), () => packedChecks(bytes, plain));
  return {
    version: CERTIFICATION_VERSION,
    file,
    parent,
    fullInteger: floatTensors(model).length === 0,
    weights,
    verdict: { passed: [verdict, ...packed].every(({ passed }) => passed), checks: [...verdict.checks, ...packed] },
  };
}

function expectationOf(kernel: WeightMetrics, index: number, demands: CertificationDemands, hasParent: boolean): WeightExpectation {
  const isPruned = kernel.operation !== 'DEPTHWISE_CONV_2D';
  return {
    layer: kernel.layer,
    kernel: index,
    ...(demands.sparsity === undefined || !isPruned
      ? {}
      : { zeros: kernel.elements - Math.round(kernel.elements * (1 - demands.sparsity)) }),
    ...(demands.clusters === undefined ? {} : { uniqueValues: demands.clusters }),
    ...(demands.clustersPerChannel === undefined ? {} : { uniqueValuesPerChannel: demands.clustersPerChannel }),
    ...(demands.group === undefined || !isPruned ? {} : { group: demands.group }),
    ...(hasParent ? { keepsParentZeros: true, keepsParentClusters: true } : {}),
  };
}
