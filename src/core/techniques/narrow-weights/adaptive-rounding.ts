/** AdaRound: Nagel et al. 2020, arXiv:2004.10568. */
import { weightLimit } from '../../constraints/integer-grid.ts';
import type { WeightBits } from '../../../shared/recipe/layer-rule.ts';
import type { Engine } from '../../engine/engine.ts';
import { EspalierError } from '../../errors.ts';
import type { FusedActivation } from '../../network/operations.ts';
import { createProgramBuilder, type ProgramBuilder } from '../../program/builder.ts';
import { gradient } from '../../program/gradient.ts';
import type { Program, Tensor } from '../../program/program.ts';
import { createRandom } from '../../random.ts';
import { stepSizes } from '../../train/optimizers.ts';

export interface AdaptiveRounding {
  readonly engine: Engine;
  /** Real weights of the least error, `[filters, d]`. */
  readonly weights: Float32Array;
  /** Where the rounding begins, `[filters, d]`. */
  readonly integers: Int8Array;
  /** `[filters]` */
  readonly scales: Float32Array;
  /** 1 where a weight is rounded, 0 where it is zero; `[filters, d]`. */
  readonly mask?: Uint8Array | undefined;
  readonly bits: WeightBits;
  /** Inputs of the layer in the rounded network, `[rows, d]`. */
  readonly inputs: Float32Array;
  /** What the whole layer computes there before its activation, `[rows, filters]`. */
  readonly outputs: Float32Array;
  /** Added to the products of the inputs, `[filters]`. */
  readonly offsets: Float32Array;
  readonly activation: FusedActivation;
  readonly iterations: number;
  readonly seed: number;
  readonly signal: AbortSignal;
}

const batch = 128;
const rate = 0.01;
const adam = { kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 } as const;
/** Stretch of the sigmoid, so that it reaches 0 and 1: zeta and gamma in the paper. */
const [zeta, gamma] = [1.1, -0.1];
/** The exponent of the regulariser falls from the first to the second. */
const [firstBeta, lastBeta] = [20, 2];
/** Share of the iterations without regulariser. */
const warmUp = 0.2;
/** Of the regulariser of a weight, where the squared error that a weight adds on average counts 1. */
const regularisation = 1;
/** Share of the rows on which the roundings are compared, and not trained. */
const heldOut = 0.25;

/**
 * Learns for each weight whether it is rounded to the integer below or above, so that the outputs of the layer *after its
 * activation* have the least squared difference from those of the whole layer (equations 21 to 25):
 *
 *     minimize |f(w x) - f(q y)|^2 + lambda sum (1 - |2 h(V) - 1|^beta)
 *     q = s clip(base + h(V), -7, 7),   h(V) = clip(sigmoid(V) (zeta - gamma) + gamma, 0, 1)
 *
 * by Adam over V, while beta falls, which pushes h from one half to 0 or 1. Filters do not depend on each other: each
 * takes the learned rounding where it errs less on rows that were held out, and keeps the given one elsewhere.
 *
 * @returns `[filters, d]`
 * @throws EspalierError `cancelled`
 */
export async function adaptiveRounding(problem: AdaptiveRounding): Promise<Int8Array> {
  const { engine, integers, scales, inputs, outputs, iterations, seed, signal, bits } = problem;
  const filters = scales.length;
  const length = integers.length / filters;
  const rows = inputs.length / length;
  const trained = Math.floor(rows * (1 - heldOut));
  if (trained < 1 || filters === 0) return integers;
  const { base, logits } = beginning(problem);
  const before = await filterErrors(problem, integers);
  const total = before.reduce((sum, error) => sum + error, 0) / (rows - trained);
  if (!(total > 0)) return integers;
  const random = createRandom(seed);
  const y = new Float32Array(batch * length);
  const z = new Float32Array(batch * filters);
  let state = { logits, first: new Float32Array(logits.length), second: new Float32Array(logits.length) };
  const compiled = await engine.compile(stepProgram(problem, base, integers.length / total));
  try {
    for (let step = 1; step <= iterations; step++) {
      if (signal.aborted) throw new EspalierError('cancelled', 'learning how to round a layer was cancelled');
      for (let row = 0; row < batch; row++) {
        const from = random.integer(trained);
        y.set(inputs.subarray(from * length, (from + 1) * length), row * length);
        z.set(outputs.subarray(from * filters, (from + 1) * filters), row * filters);
      }
      const progress = step / iterations;
      const next = await compiled.run({
        ...state,
        y,
        z,
        update: Float32Array.of(stepSizes(adam, rate, step).update),
        beta: Float32Array.of(firstBeta + (lastBeta - firstBeta) * Math.max(0, (progress - warmUp) / (1 - warmUp))),
        lambda: Float32Array.of(progress < warmUp ? 0 : regularisation),
      });
      state = { logits: floats(next['logits']), first: floats(next['first']), second: floats(next['second']) };
    }
  } finally {
    await compiled.dispose();
  }
  const limit = weightLimit(bits);
  const learned = Int8Array.from(base, (below, i) => {
    const up = (state.logits[i] ?? 0) >= 0 ? 1 : 0;
    return problem.mask?.[i] === 0 ? 0 : Math.max(-limit, Math.min(limit, below + up));
  });
  const after = await filterErrors(problem, learned);
  return integers.map((integer, i) => {
    const filter = Math.floor(i / length);
    return (after[filter] ?? 0) < (before[filter] ?? 0) ? (learned[i] ?? 0) : integer;
  });
}

/** The integers below, and logits that round to the given integers and remember how far the weight is from them. */
function beginning({ weights, integers, scales }: AdaptiveRounding): {
  readonly base: Float32Array;
  readonly logits: Float32Array<ArrayBuffer>;
} {
  const length = integers.length / scales.length;
  const base = new Float32Array(integers.length);
  const logits = new Float32Array(integers.length);
  integers.forEach((integer, i) => {
    const inSteps = (weights[i] ?? 0) / (scales[Math.floor(i / length)] ?? 1);
    base[i] = inSteps < integer ? integer - 1 : integer;
    const up = inSteps < integer;
    const h = Math.max(up ? 0.55 : 0.05, Math.min(up ? 0.95 : 0.45, inSteps - (base[i] ?? 0)));
    logits[i] = Math.log((h - gamma) / (zeta - h));
  });
  return { base, logits };
}

function stepProgram(problem: AdaptiveRounding, base: Float32Array, errorFactor: number): Program {
  const { scales, mask, offsets, activation, bits } = problem;
  const filters = scales.length;
  const length = base.length / filters;
  const builder = createProgramBuilder();
  const logits = builder.input('logits', [filters, length]);
  const y = builder.input('y', [batch, length]);
  const z = builder.input('z', [batch, filters]);
  const [update, beta, lambda] = [builder.input('update', []), builder.input('beta', []), builder.input('lambda', [])];
  const stretched = builder.add(builder.mul(builder.sigmoid(logits), zeta - gamma), gamma);
  const share = builder.clip(stretched, 0, 1);
  const limit = weightLimit(bits);
  const integers = builder.clip(builder.add(builder.constant(base, [filters, length]), share), -limit, limit);
  const scaled = builder.mul(integers, builder.constant(scales, [filters, 1]));
  const weights = mask === undefined ? scaled : builder.mul(scaled, builder.constant(Float32Array.from(mask), [filters, length]));
  const products = builder.add(builder.matmul(y, weights, { transposeB: true }), builder.constant(offsets, [1, filters]));
  const difference = builder.sub(activated(builder, products, activation), activated(builder, z, activation));
  const error = builder.mul(builder.sum(builder.square(difference), [0, 1]), errorFactor / batch);
  // |2 h - 1|^beta, whose logarithm is finite.
  const distance = builder.max(builder.abs(builder.sub(builder.mul(share, 2), 1)), 1e-4);
  const powers = builder.exp(builder.mul(builder.log(distance), beta));
  const regulariser = builder.mul(builder.sum(builder.sub(1, powers), [0, 1]), lambda);
  const [slope] = gradient(builder, builder.add(error, regulariser), [logits]);
  if (slope === undefined) throw new Error('no gradient is computed for the rounding');
  const first = builder.add(builder.mul(builder.input('first', logits.shape), adam.beta1), builder.mul(slope, 1 - adam.beta1));
  const second = builder.add(
    builder.mul(builder.input('second', logits.shape), adam.beta2),
    builder.mul(builder.square(slope), 1 - adam.beta2),
  );
  const change = builder.div(builder.mul(first, update), builder.add(builder.sqrt(second), adam.epsilon));
  return builder.build({ logits: builder.sub(logits, change), first, second });
}

function activated(builder: ProgramBuilder, x: Tensor, activation: FusedActivation): Tensor {
  switch (activation) {
    case 'none':
      return x;
    case 'relu':
      return builder.relu(x);
    case 'relu6':
      return builder.relu6(x);
  }
}

/** Sums of the squared errors of each filter on the rows that are held out. */
async function filterErrors(problem: AdaptiveRounding, integers: Int8Array): Promise<Float32Array> {
  const { engine, scales, inputs, outputs, offsets, activation } = problem;
  const filters = scales.length;
  const length = integers.length / filters;
  const rows = inputs.length / length;
  const trained = Math.floor(rows * (1 - heldOut));
  const builder = createProgramBuilder();
  const y = builder.input('y', [rows - trained, length]);
  const z = builder.input('z', [rows - trained, filters]);
  const weights = Float32Array.from(integers, (integer, i) => integer * (scales[Math.floor(i / length)] ?? 1));
  const products = builder.add(
    builder.matmul(y, builder.constant(weights, [filters, length]), { transposeB: true }),
    builder.constant(offsets, [1, filters]),
  );
  const difference = builder.sub(activated(builder, products, activation), activated(builder, z, activation));
  const compiled = await engine.compile(builder.build({ errors: builder.sum(builder.square(difference), [0]) }));
  try {
    const { errors } = await compiled.run({ y: inputs.subarray(trained * length), z: outputs.subarray(trained * filters) });
    return Float32Array.from(errors ?? []);
  } finally {
    await compiled.dispose();
  }
}

function floats(values: ArrayLike<number> | undefined): Float32Array<ArrayBuffer> {
  return Float32Array.from(values ?? []);
}
