import { certify } from '../../measure/certify.ts';
import { kernelDensities } from '../../measure/density.ts';
import { evaluateExamples } from '../../measure/evaluate-tflite.ts';
import type { Expectations } from '../../constraints/expectation.ts';
import { allFileSizes } from '../../measure/file-sizes.ts';
import { measureLatency } from '../../measure/latency.ts';
import { weightMetrics, withPackedBytes } from '../../measure/weight-metrics.ts';
import type { DataSet } from '../../data/dataset.ts';
import type { Mistakes } from '../../scoring/mistakes.ts';
import { readTflite } from '../../tflite/read-tflite.ts';
import { packedSize } from '../../tflite/pack/pack-tflite.ts';
import type { PackGoal } from '../../../shared/packing.ts';
import type { NodePhase } from '../../../shared/events.ts';
import type { Accuracy, CurvePoint, DensityPlot, NodeMetrics, RangeTest } from '../../../shared/results.ts';

export interface Measurement {
  readonly tflite: Uint8Array;
  readonly parentTflite: Uint8Array | undefined;
  readonly expectations: Expectations | undefined;
  /** Undefined where nothing makes the file smaller, or where it cannot be packed. */
  readonly packed: Uint8Array | undefined;
  readonly pack: PackGoal | 'off';
  readonly simulated: Accuracy;
  readonly test: DataSet;
  /** Times latency while all other stages are paused; undefined where no latency is wanted. */
  readonly whileOthersPause: (<Result>(timing: () => Promise<Result>) => Promise<Result>) | undefined;
  readonly threads: number;
  readonly threadScript: string | undefined;
  readonly trainingSeconds: number | undefined;
  readonly curve: readonly CurvePoint[];
  readonly rangeTest: RangeTest | undefined;
  readonly signal: AbortSignal;
  readonly onProgress: (phase: NodePhase, fraction: number) => void;
}

export interface Measured {
  readonly metrics: NodeMetrics;
  readonly densities: readonly DensityPlot[];
  readonly mistakes: Mistakes | undefined;
}

/** All that a node reports, from the bytes of its file. */
export async function measureNode(measurement: Measurement): Promise<Measured> {
  const { tflite, parentTflite, expectations, threadScript } = measurement;
  const model = readTflite(tflite);
  const { accuracy: deployed, mistakes } = await evaluateExamples({
    bytes: tflite,
    data: measurement.test,
    threads: measurement.threads,
    threadScript,
    signal: measurement.signal,
    onProgress: (fraction) => measurement.onProgress('measuring', fraction),
  });
  const latency = await measurement.whileOthersPause?.(() => {
    measurement.onProgress('latency', 0);
    return measureLatency(tflite, { budgetMilliseconds: LATENCY_BUDGET });
  });
  measurement.onProgress('certifying', 0);
  return {
    metrics: {
      simulated: measurement.simulated,
      deployed,
      sizes: { ...(await allFileSizes(tflite)), packed: packedBytes(measurement) },
      latency,
      weights:
        measurement.packed === undefined ? weightMetrics(model) : withPackedBytes(weightMetrics(model), readTflite(measurement.packed)),
      certificate:
        expectations === undefined ? undefined : certify({ bytes: tflite, expectations, parent: parentTflite, packed: measurement.packed }),
      trainingSeconds: measurement.trainingSeconds,
      curve: measurement.curve,
      rangeTest: measurement.rangeTest,
    },
    densities: kernelDensities(model),
    mistakes,
  };
}

function packedBytes({ tflite, packed, pack }: Measurement): number | undefined {
  return packed?.length ?? (pack === 'off' ? undefined : packedSize(tflite, pack));
}

const LATENCY_BUDGET = 1_000;
