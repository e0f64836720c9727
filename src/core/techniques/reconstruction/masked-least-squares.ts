import { projectSparsity } from '../../constraints/sparsity.ts';
import type { Engine } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import { createProgramBuilder } from '../../program/builder.ts';
import type { Program } from '../../program/program.ts';
import type { LeastSquares } from './normal-equations.ts';

export interface MaskedLeastSquares {
  readonly engine: Engine;
  /** The start, `[filters, d]`. */
  readonly weights: Float32Array;
  /** Of the weights: 1 where one stays. */
  readonly mask: Uint8Array;
  /** With a positive definite `gram`. */
  readonly equations: LeastSquares;
  /** Default: 100. */
  readonly mostIterations?: number | undefined;
  readonly signal: AbortSignal;
}

const usualIterations = 100;
/** Of a filter's first squared residual. */
const tolerance = 1e-8;

/**
 * Solves `v gram = targets` in the weights that stay: with the others zero, each filter has `v_S gram_SS = targets_S`
 * over its own set S of places.
 *
 * Conjugate gradients with the diagonal of `gram` as preconditioner (Hestenes & Stiefel 1952), all filters at once. With
 * residual r, z = r / diagonal, direction p:
 *
 *     step = r.z / (p gram).p,   v += step p,   r -= step (p gram),   p = z + (new r.z / old r.z) p
 *
 * Each iteration lowers the squared error of each filter, so a solution that is cut off after 100 iterations is still
 * better than the start.
 *
 * @returns `[filters, d]`, zero where the mask is
 * @throws EspalierError `cancelled`
 */
export async function maskedLeastSquares({
  engine,
  weights,
  mask,
  equations,
  mostIterations = usualIterations,
  signal,
}: MaskedLeastSquares): Promise<Float32Array> {
  const { gram, targets } = equations;
  const length = Math.sqrt(gram.length);
  const compiled = await engine.compile(multiplication(weights.length / length, length, gram));
  const masked = (values: Float32Array): Float32Array => projectSparsity(values, { mask });
  const multiply = async (vectors: Float32Array): Promise<Float32Array> => {
    const { product } = await compiled.run({ vectors });
    return masked(Float32Array.from(product ?? []));
  };
  const preconditioned = (residuals: Float32Array): Float32Array =>
    residuals.map((value, i) => value / (gram[(i % length) * (length + 1)] ?? 1));
  const solution = masked(weights);
  try {
    const computed = await multiply(solution);
    const residual = masked(targets).map((target, i) => target - (computed[i] ?? 0));
    let direction = preconditioned(residual);
    let squares = rowProducts(residual, direction, length);
    const enough = squares.map((square) => square * tolerance);
    for (let iteration = 0; iteration < mostIterations && squares.some((square, row) => square > (enough[row] ?? 0)); iteration++) {
      if (signal.aborted) throw new EspalierError('cancelled', 'reconstructing a pruned kernel was cancelled');
      const image = await multiply(direction);
      const curvatures = rowProducts(direction, image, length);
      const steps = squares.map((square, row) => ratio(square, curvatures[row]));
      addRows(solution, direction, steps, length, 1);
      addRows(residual, image, steps, length, -1);
      const next = preconditioned(residual);
      const nextSquares = rowProducts(residual, next, length);
      addRows(
        next,
        direction,
        nextSquares.map((square, row) => ratio(square, squares[row])),
        length,
        1,
      );
      direction = next;
      squares = nextSquares;
    }
  } finally {
    await compiled.dispose();
  }
  return solution;
}

function multiplication(filters: number, length: number, gram: Float32Array): Program {
  const builder = createProgramBuilder();
  return builder.build({
    product: builder.matmul(builder.input('vectors', [filters, length]), builder.constant(gram, [length, length])),
  });
}

function rowProducts(a: Float32Array, b: Float32Array, length: number): Float64Array {
  const sums = new Float64Array(a.length / length);
  a.forEach((value, i) => {
    const row = Math.floor(i / length);
    sums[row] = (sums[row] ?? 0) + value * (b[i] ?? 0);
  });
  return sums;
}

function addRows(target: Float32Array, vectors: Float32Array, factors: Float64Array, length: number, sign: 1 | -1): void {
  vectors.forEach((value, i) => {
    target[i] = (target[i] ?? 0) + sign * (factors[Math.floor(i / length)] ?? 0) * value;
  });
}

/** 0 for a filter that is solved already. */
function ratio(numerator: number, denominator = 0): number {
  return denominator > 0 ? numerator / denominator : 0;
}
