import type { Engine, Tensors } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import { createProgramBuilder, type ProgramBuilder } from '../../program/builder.ts';
import type { Program, Tensor } from '../../program/program.ts';
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
/** That a run does before it is looked whether they are enough. */
const iterationsAtOnce = 4;
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
  const filters = weights.length / length;
  const start = await runOnce(engine, startProgram(filters, gram, mask), { weights, targets });
  let state = start;
  const enough = (start['squares'] ?? empty).map((square) => square * tolerance);
  const unsolved = (): boolean => (state['squares'] ?? empty).some((square, row) => square > (enough[row] ?? 0));
  const compiled = await engine.compile(iterationsProgram(filters, gram, mask));
  try {
    for (let iteration = 0; iteration < mostIterations && unsolved(); iteration += iterationsAtOnce) {
      if (signal.aborted) throw new EspalierError('cancelled', 'reconstructing a pruned kernel was cancelled');
      state = floatTensors(await compiled.run(state));
    }
    return (state['solution'] ?? empty).slice();
  } finally {
    await compiled.dispose();
  }
}

const empty = new Float32Array(0);

/** The masked start, its residual, and the first direction. */
function startProgram(filters: number, gram: Float32Array, mask: Uint8Array): Program {
  const builder = createProgramBuilder();
  const system = systemOf(builder, filters, gram, mask);
  const solution = system.masked(builder.input('weights', system.shape));
  const residual = builder.sub(system.masked(builder.input('targets', system.shape)), system.multiply(solution));
  const direction = system.preconditioned(residual);
  return builder.build({ solution, residual, direction, squares: system.rowProducts(residual, direction) });
}

function iterationsProgram(filters: number, gram: Float32Array, mask: Uint8Array): Program {
  const builder = createProgramBuilder();
  const system = systemOf(builder, filters, gram, mask);
  let solution = builder.input('solution', system.shape);
  let residual = builder.input('residual', system.shape);
  let direction = builder.input('direction', system.shape);
  let squares = builder.input('squares', [filters, 1]);
  for (let i = 0; i < iterationsAtOnce; i++) {
    const image = system.multiply(direction);
    const step = system.ratio(squares, system.rowProducts(direction, image));
    solution = builder.add(solution, builder.mul(step, direction));
    residual = builder.sub(residual, builder.mul(step, image));
    const next = system.preconditioned(residual);
    const nextSquares = system.rowProducts(residual, next);
    direction = builder.add(next, builder.mul(system.ratio(nextSquares, squares), direction));
    squares = nextSquares;
  }
  return builder.build({ solution, residual, direction, squares });
}

/** What both programs do with vectors `[filters, d]`. */
function systemOf(builder: ProgramBuilder, filters: number, gram: Float32Array, mask: Uint8Array) {
  const length = Math.sqrt(gram.length);
  const shape = [filters, length];
  const matrix = builder.constant(gram, [length, length]);
  const kept = mask.includes(0) ? builder.constant(Float32Array.from(mask), shape) : undefined;
  const inverse = builder.constant(
    Float32Array.from({ length }, (_, i) => 1 / (gram[i * (length + 1)] ?? 1)),
    [1, length],
  );
  const masked = (vectors: Tensor): Tensor => (kept === undefined ? vectors : builder.mul(vectors, kept));
  return {
    shape,
    masked,
    multiply: (vectors: Tensor): Tensor => masked(builder.matmul(vectors, matrix)),
    preconditioned: (vectors: Tensor): Tensor => builder.mul(vectors, inverse),
    rowProducts: (a: Tensor, b: Tensor): Tensor => builder.reshape(builder.rowDot(a, b), [filters, 1]),
    /** 0 for a filter that is solved already. */
    ratio: (numerator: Tensor, denominator: Tensor): Tensor => {
      const isPositive = builder.greater(denominator, 0);
      return builder.where(isPositive, builder.div(numerator, builder.where(isPositive, denominator, 1)), 0);
    },
  };
}

async function runOnce(engine: Engine, program: Program, inputs: Tensors): Promise<Readonly<Record<string, Float32Array>>> {
  const compiled = await engine.compile(program);
  try {
    return floatTensors(await compiled.run(inputs));
  } finally {
    await compiled.dispose();
  }
}

function floatTensors(tensors: Tensors): Readonly<Record<string, Float32Array>> {
  return Object.fromEntries(Object.entries(tensors).flatMap(([name, data]) => (data instanceof Float32Array ? [[name, data]] : [])));
}
