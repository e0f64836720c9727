import { createProgramBuilder } from '../../program/builder.ts';
import type { Program } from '../../program/program.ts';
import { type PatchSample, samplePatches } from './patch-sample.ts';

/**
 * The least squares of a layer: filters `v` that compute from the pruned network's inputs `y` what the whole filters `w`
 * compute from the whole network's inputs `x`. With one patch of the input a term,
 *
 *     minimize over v: sum |v y - w x|^2 + lambda |v - w|^2   =>   v gram = targets
 *
 * The ridge term, with lambda a hundredth of the mean of the diagonal, keeps weights near `w` whose inputs hardly vary.
 * Dong et al. 2017, arXiv:1705.07565, use the same Hessian `gram` layer by layer.
 */
export interface LeastSquares {
  /** `sum y y^T + lambda I`, `[d, d]`: the Hessian, the same for each filter. */
  readonly gram: Float32Array;
  /** `sum (w x) y^T + lambda w`, `[filters, d]`. */
  readonly targets: Float32Array;
}

/** With the means of the inputs that they sum over. */
export interface NormalEquations extends LeastSquares {
  readonly means: InputMeans;
}

/** Means of the inputs over the patches, `[d]` each. */
export interface InputMeans {
  readonly whole: Float64Array;
  readonly pruned: Float64Array;
  /** Patches. */
  readonly count: number;
}

const rows = 2048;
/** lambda, as a share of the mean of the diagonal. */
const damping = 0.01;

/**
 * The equations of a layer, summed over patches of its input on training examples.
 *
 * @param weights of the whole layer, `[filters, d]`
 * @returns undefined where the inputs are all zero, or not finite
 * @throws EspalierError `cancelled`
 */
export async function normalEquations(sample: PatchSample, weights: Float32Array): Promise<NormalEquations | undefined> {
  const { engine, patches } = sample;
  const { length } = patches;
  const gram = new Float32Array(length ** 2);
  const targets = new Float32Array(weights.length);
  const sums = { whole: new Float64Array(length), pruned: new Float64Array(length) };
  let patchCount = 0;
  const compiled = await engine.compile(productProgram(length, weights));
  try {
    for await (const { whole, pruned, count } of samplePatches(sample, rows)) {
      patchCount += count;
      addRows(sums.whole, whole);
      addRows(sums.pruned, pruned);
      const results = await compiled.run({ whole, pruned });
      add(gram, results['gram']);
      add(targets, results['targets']);
    }
  } finally {
    await compiled.dispose();
  }
  let trace = 0;
  for (let i = 0; i < length; i++) trace += gram[i * (length + 1)] ?? 0;
  if (!(trace > 0 && Number.isFinite(trace))) return undefined;
  const added = (damping * trace) / length;
  for (let i = 0; i < length; i++) gram[i * (length + 1)] = (gram[i * (length + 1)] ?? 0) + added;
  add(
    targets,
    weights.map((weight) => weight * added),
  );
  const mean = (sum: Float64Array): Float64Array => sum.map((value) => value / patchCount);
  return { gram, targets, means: { whole: mean(sums.whole), pruned: mean(sums.pruned), count: patchCount } };
}

function productProgram(length: number, weights: Float32Array): Program {
  const builder = createProgramBuilder();
  const whole = builder.input('whole', [rows, length]);
  const pruned = builder.input('pruned', [rows, length]);
  const outputs = builder.matmul(builder.constant(weights, [weights.length / length, length]), whole, { transposeB: true });
  return builder.build({ gram: builder.matmul(pruned, pruned, { transposeA: true }), targets: builder.matmul(outputs, pruned) });
}

function add(sum: Float32Array, part: ArrayLike<number> = []): void {
  for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (part[i] ?? 0);
}

/** Adds each row, of as many values as `sum`. */
function addRows(sum: Float64Array, values: Float32Array): void {
  for (let begin = 0; begin < values.length; begin += sum.length)
    for (let i = 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[begin + i] ?? 0);
}
