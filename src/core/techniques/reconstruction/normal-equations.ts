import type { CompiledProgram, Engine, Tensors } from '../../engine/engine.ts';
import { createProgramBuilder } from '../../program/builder.ts';
import type { Program, Tensor } from '../../program/program.ts';
import { elements } from '../../program/shapes.ts';
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
  readonly changed: Float64Array;
  /** Patches. */
  readonly count: number;
}

const rows = 2048;
/** Columns of the symmetric product that are computed together: of those before them, the other half of the matrix has the sums. */
const columns = 256;
/** lambda, as a share of the mean of the diagonal. */
const damping = 0.01;

/**
 * The equations of a layer, summed over patches of its input on training examples.
 *
 * @param weights of the whole layer, `[filters, d]`
 * @returns undefined where the inputs are all zero, or not finite
 * @throws EspalierError `cancelled`
 */
export async function normalEquations(engine: Engine, sample: PatchSample, weights: Float32Array): Promise<NormalEquations | undefined> {
  const { length } = sample.patches;
  const summed = await sumProducts(engine, sample, weights);
  if (summed === undefined) return undefined;
  const { gram } = summed;
  let trace = 0;
  for (let i = 0; i < length; i++) trace += gram[i * (length + 1)] ?? 0;
  if (!(trace > 0 && Number.isFinite(trace))) return undefined;
  const added = (damping * trace) / length;
  for (let i = 0; i < length; i++) gram[i * (length + 1)] = (gram[i * (length + 1)] ?? 0) + added;
  // With the same inputs in both networks the whole weights are the solution.
  const targets = summed.targets ?? (await multiplied(engine, weights, gram));
  if (summed.targets !== undefined) for (let i = 0; i < targets.length; i++) targets[i] = (targets[i] ?? 0) + (weights[i] ?? 0) * added;
  return { gram, targets, means: summed.means };
}

interface Products {
  readonly gram: Float32Array;
  /** Undefined where both networks have the same inputs. */
  readonly targets: Float32Array | undefined;
  readonly means: InputMeans;
}

/** Sums of products, added up by the engine from chunk to chunk; undefined without any. */
async function sumProducts(engine: Engine, sample: PatchSample, weights: Float32Array): Promise<Products | undefined> {
  const { length } = sample.patches;
  let compiled: CompiledProgram | undefined;
  let sums: Record<string, Float32Array> = {};
  const inputSums = { whole: new Float64Array(length), changed: new Float64Array(length) };
  let patchCount = 0;
  const mean = (sum: Float64Array): Float64Array => sum.map((value) => value / patchCount);
  try {
    for await (const { whole, changed, count } of samplePatches(sample, rows)) {
      if (compiled === undefined) {
        const program = productProgram(length, whole === changed ? undefined : weights);
        compiled = await engine.compile(program);
        sums = Object.fromEntries(Object.entries(program.outputs).map(([name, { shape }]) => [name, new Float32Array(elements(shape))]));
      }
      patchCount += count;
      addRows(inputSums.whole, whole);
      addRows(inputSums.changed, changed);
      const results = await compiled.run({ whole, changed, ...sums });
      sums = Object.fromEntries(Object.keys(sums).map((name) => [name, floats(results, name)]));
    }
    if (compiled === undefined) return undefined;
    const means = { whole: mean(inputSums.whole), changed: mean(inputSums.changed), count: patchCount };
    return { gram: symmetric(length, sums), targets: sums['targets']?.slice(), means };
  } finally {
    await compiled?.dispose();
  }
}

/** The sums with a chunk added. Of the symmetric `gram` each block of rows is computed from the diagonal on. */
function productProgram(length: number, weights: Float32Array | undefined): Program {
  const builder = createProgramBuilder();
  const changed = builder.input('changed', [rows, length]);
  const outputs: Record<string, Tensor> = {};
  const accumulate = (name: string, product: Tensor): void => {
    outputs[name] = builder.add(builder.input(name, product.shape), product);
  };
  for (const begin of blocks(length)) {
    const size = Math.min(columns, length - begin);
    const block = builder.slice(changed, [0, begin], [rows, size]);
    const rest = builder.slice(changed, [0, begin], [rows, length - begin]);
    accumulate(`gram/${begin}`, builder.matmul(block, rest, { transposeA: true }));
  }
  if (weights !== undefined) {
    const filters = builder.constant(weights, [weights.length / length, length]);
    const computed = builder.matmul(filters, builder.input('whole', [rows, length]), { transposeB: true });
    accumulate('targets', builder.matmul(computed, changed));
  }
  return builder.build(outputs);
}

/** The first column of each block. */
function blocks(length: number): readonly number[] {
  return Array.from({ length: Math.ceil(length / columns) }, (_, i) => i * columns);
}

function symmetric(length: number, sums: Readonly<Record<string, Float32Array>>): Float32Array {
  const gram = new Float32Array(length ** 2);
  for (const begin of blocks(length)) {
    const part = sums[`gram/${begin}`] ?? new Float32Array(0);
    const width = length - begin;
    for (let i = 0; i < part.length / width; i++) {
      for (let j = i; j < width; j++) {
        const sum = part[i * width + j] ?? 0;
        gram[(begin + i) * length + begin + j] = sum;
        gram[(begin + j) * length + begin + i] = sum;
      }
    }
  }
  return gram;
}

/** Adds each row, of as many values as `sum`, in their order; four at once, so that `sum` is read and written less often. */
export function addRows(sum: Float64Array, values: Float32Array): void {
  const { length } = sum;
  const fours = values.length - (values.length % (4 * length));
  for (let begin = 0; begin < fours; begin += 4 * length)
    for (let i = 0; i < length; i++) {
      const at = begin + i;
      const firstTwo = (sum[i] ?? 0) + (values[at] ?? 0) + (values[at + length] ?? 0);
      sum[i] = firstTwo + (values[at + 2 * length] ?? 0) + (values[at + 3 * length] ?? 0);
    }
  for (let begin = fours; begin < values.length; begin += length)
    for (let i = 0; i < length; i++) sum[i] = (sum[i] ?? 0) + (values[begin + i] ?? 0);
}

/** `weights gram` */
async function multiplied(engine: Engine, weights: Float32Array, gram: Float32Array): Promise<Float32Array> {
  const length = Math.sqrt(gram.length);
  const builder = createProgramBuilder();
  const product = builder.matmul(builder.input('weights', [weights.length / length, length]), builder.input('gram', [length, length]));
  const compiled = await engine.compile(builder.build({ product }));
  try {
    return floats(await compiled.run({ weights, gram }), 'product').slice();
  } finally {
    await compiled.dispose();
  }
}

function floats(results: Tensors, name: string): Float32Array {
  const data = results[name];
  if (!(data instanceof Float32Array)) throw new Error(`the program has no output "${name}"`);
  return data;
}
