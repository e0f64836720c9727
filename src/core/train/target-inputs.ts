import type { Target } from '../data/target.ts';
import { type BoundTarget, boundTargets, labelsWidth, numbersWidth } from '../data/targets.ts';
import type { ProgramBuilder } from '../program/builder.ts';
import type { Tensor } from '../program/program.ts';

/** The labels and numbers of a batch as inputs of the program, each made once. */
export class TargetInputs {
  readonly #builder: ProgramBuilder;
  readonly #batchSize: number;
  readonly #bound: readonly BoundTarget[];
  readonly #labelsWidth: number;
  readonly #numbersWidth: number;
  #labels: Tensor | undefined;
  #numbers: Tensor | undefined;

  constructor(builder: ProgramBuilder, target: Target, batchSize: number) {
    this.#builder = builder;
    this.#batchSize = batchSize;
    this.#bound = boundTargets(target);
    this.#labelsWidth = labelsWidth(target);
    this.#numbersWidth = numbersWidth(target);
  }

  /** @param output place among the network's outputs */
  of(output: number): BoundTarget {
    const found = this.#bound.find((each) => each.output === output);
    if (found === undefined) throw new RangeError(`output ${output} has a loss, but no target`);
    return found;
  }

  /** int32 `[batch * width]` */
  labels({ labels: { offset, width } }: BoundTarget): Tensor {
    const all = this.#labelsWidth;
    const size = this.#batchSize;
    this.#labels ??= this.#builder.input('labels', all === 1 ? [size] : [size, all], 'int32');
    if (all === 1) return this.#labels;
    const own = all === width ? this.#labels : this.#builder.slice(this.#labels, [0, offset], [size, width]);
    return this.#builder.reshape(own, [size * width]);
  }

  /** `[batch, width]` */
  numbers({ numbers: { offset, width } }: BoundTarget): Tensor {
    const all = this.#numbersWidth;
    this.#numbers ??= this.#builder.input('targets', [this.#batchSize, all]);
    return all === width ? this.#numbers : this.#builder.slice(this.#numbers, [0, offset], [this.#batchSize, width]);
  }
}
