import { createProgramBuilder } from '../../program/builder.ts';
import type { Program } from '../../program/program.ts';
import { type PatchSample, samplePatches } from './patch-sample.ts';

/**
 * Of the least squares of `v y - w x`, summed over patches: what filters `v` compute from the pruned network's inputs `y`
 * against what the whole filters `w` compute from the whole network's, `x`. The solution has `v gram = targets`.
 */
export interface NormalEquations {
  /** `y y^T`, `[d, d]`: the Hessian, the same for each filter. */
  readonly gram: Float32Array;
  /** `(w x) y^T`, `[filters, d]` */
  readonly targets: Float32Array;
}

const rows = 2048;
/** Of the mean of the diagonal, added to it: draws weights whose inputs hardly vary towards what they were. */
const damping = 0.01;

/**
 * @param weights of the whole layer, `[filters, d]`
 * @returns undefined where the inputs are all zero, or not finite
 * @throws EspalierError `cancelled`
 */
export async function normalEquations(sample: PatchSample, weights: Float32Array): Promise<NormalEquations | undefined> {
  const { engine, patches } = sample;
  const { length } = patches;
  const gram = new Float32Array(length ** 2);
  const targets = new Float32Array(weights.length);
  const compiled = await engine.compile(productProgram(length, weights));
  try {
    for await (const { whole, pruned } of samplePatches(sample, rows)) {
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
  return { gram, targets };
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
