import type { Network, ValueId } from '../network/network.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';
import { groupQuantization, planActivations } from '../quantize/plan-activations.ts';
import type { ActivationType, Range, TensorQuantization } from '../quantize/quantization.ts';
import { rangeQuantization } from '../quantize/range-quantization.ts';
import { constantRange, fakeQuantize, type FakeQuantizeOptions, quantizedRange } from '../quantize/fake-quantize.ts';
import type { ActivationFakeQuantization } from './fine-tuning.ts';
import type { LoweredValue } from '../lowering/lowered-value.ts';

/** A group of values that share a quantizer whose range moves while training. */
interface MovingGroup {
  readonly id: ValueId;
  readonly sources: ReadonlySet<ValueId>;
  readonly type: ActivationType;
}

/**
 * The fake quantization of activations in a training program. The training loop keeps the ranges: each step receives
 * them (`quantizers`) and returns what it observed (`observed`), and the loop moves them.
 */
export class ActivationQuantizers {
  readonly #groups: readonly MovingGroup[];
  readonly #groupIndex = new Map<ValueId, number>();
  readonly #nonNegative: ReadonlySet<ValueId>;
  readonly #integerMeans: ReadonlySet<ValueId>;
  readonly #fixed = new Map<ValueId, TensorQuantization>();
  readonly #settings: ActivationFakeQuantization;

  constructor(network: Network, settings: ActivationFakeQuantization) {
    this.#settings = settings;
    this.#nonNegative = rectifiedValues(network);
    const groups: MovingGroup[] = [];
    const plan = planActivations(network);
    this.#integerMeans = plan.integerMeans;
    for (const group of plan.groups) {
      const fixed = groupQuantization(group, 'int8');
      const quantized = [...group.sources, ...group.rounded];
      if (fixed !== undefined) for (const id of quantized) this.#fixed.set(id, fixed);
      else if (group.values.some((id) => settings.ranges.has(id))) {
        for (const id of quantized) this.#groupIndex.set(id, groups.length);
        groups.push({
          id: group.values.find((id) => settings.ranges.has(id)) ?? group.id,
          sources: new Set(group.sources),
          type: group.type ?? 'int8',
        });
      }
    }
    this.#groups = groups;
  }

  /** `[minimum, maximum]` of each group. */
  initialRanges(): Float32Array {
    return Float32Array.from(
      this.#groups.flatMap(({ id }) => {
        const { minimum, maximum } = this.#settings.ranges.get(id) ?? { minimum: 0, maximum: 0 };
        return [Math.min(minimum, 0), Math.max(maximum, 0)];
      }),
    );
  }

  /** By the ids under which the ranges were given. */
  namedRanges(ranges: Float32Array): ReadonlyMap<ValueId, Range> {
    return new Map(this.#groups.map(({ id }, i) => [id, { minimum: ranges[2 * i] ?? 0, maximum: ranges[2 * i + 1] ?? 0 }]));
  }

  /** The program's input: `[minimum, maximum, scale]` of each group, nudged so that zero is a code. */
  feeds(ranges: Float32Array): Float32Array {
    return Float32Array.from(
      this.#groups.flatMap(({ type }, i) => {
        const { minimum, maximum, scale } = quantizedRange(
          rangeQuantization({ minimum: ranges[2 * i] ?? 0, maximum: ranges[2 * i + 1] ?? 0 }, type),
        );
        return [minimum, maximum, scale];
      }),
    );
  }

  /** The moving average of the ranges after a step; ranges always include zero. */
  move(ranges: Float32Array, observed: Float32Array | undefined, step: number): Float32Array {
    if (observed === undefined || step > this.#settings.freezeAfterStep) return ranges;
    const { decay } = this.#settings;
    return ranges.map((old, i) => {
      const seen = observed[i] ?? old;
      return old * decay + (i % 2 === 0 ? Math.min(seen, 0) : Math.max(seen, 0)) * (1 - decay);
    });
  }

  /** Binds the quantizers to one program. */
  lower(builder: ProgramBuilder): LoweredQuantizers {
    const fed = this.#groups.length === 0 ? undefined : builder.input('quantizers', [3 * this.#groups.length]);
    const number = (index: number): Tensor =>
      fed === undefined ? builder.scalar(0) : builder.reshape(builder.slice(fed, [index], [1]), []);
    const seen: { low?: Tensor; high?: Tensor }[] = this.#groups.map(() => ({}));
    return {
      quantize: (id, value) => {
        const fixed = this.#fixed.get(id);
        if (fixed !== undefined) {
          const range = constantRange(builder, fixed);
          return value.nonDecreasing((x) => fakeQuantize(builder, x, range));
        }
        const index = this.#groupIndex.get(id);
        if (index === undefined) return value;
        const extremes = seen[index];
        if (extremes !== undefined && this.#settings.freezeAfterStep > 0 && this.#groups[index]?.sources.has(id) === true) {
          const low = this.#nonNegative.has(id) ? builder.scalar(0) : builder.minimum(builder.stopGradient(value.tensor));
          const high = value.maximum((of) => builder.maximum(builder.stopGradient(of.candidatesOfMaximum)));
          extremes.low = extremes.low === undefined ? low : builder.min(extremes.low, low);
          extremes.high = extremes.high === undefined ? high : builder.max(extremes.high, high);
        }
        const range = { minimum: number(3 * index), maximum: number(3 * index + 1), scale: number(3 * index + 2) };
        const options: FakeQuantizeOptions = {
          nonNegative: this.#nonNegative.has(id),
          ties: this.#groups[index]?.type === 'int8' && this.#integerMeans.has(id) ? 'awayFromZero' : 'up',
        };
        return value.nonDecreasing((x) => fakeQuantize(builder, x, range, options));
      },
      observed: () => {
        if (this.#groups.length === 0 || this.#settings.freezeAfterStep === 0) return undefined;
        const parts = seen.flatMap(({ low, high }) => [low ?? builder.scalar(0), high ?? builder.scalar(0)]);
        return builder.concat(
          parts.map((part) => builder.reshape(part, [1])),
          0,
        );
      },
    };
  }
}

/** Values that are outputs of a rectifier. */
function rectifiedValues(network: Network): ReadonlySet<ValueId> {
  return new Set(
    network.operations.flatMap((operation) => {
      const name = operation.kind === 'activation' ? operation.function : 'activation' in operation ? operation.activation : 'none';
      return name === 'relu' || name === 'relu6' ? [operation.output] : [];
    }),
  );
}

export interface LoweredQuantizers {
  /** The value as the int8 network represents it; values without a quantizer stay as they are. */
  quantize(id: ValueId, value: LoweredValue): LoweredValue;
  /** `[minimum, maximum]` of each group in this batch; undefined when ranges do not move. */
  observed(): Tensor | undefined;
}
