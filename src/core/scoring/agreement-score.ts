import type { OutputTarget } from '../data/target.ts';
import { EspalierError } from '../errors.ts';
import { ExampleRows } from './bootstrap.ts';
import { noFigures, type OutputFigures, type OutputScore, type ScoredRows } from './output-score.ts';

/** How far an output is that of the trained model: the mean cosine of examples, and the SQNR over all. */
export class AgreementScore implements OutputScore {
  readonly #size: number;
  /** Cosine, power of the trained model's output, power of the difference. */
  readonly #rows = new ExampleRows(3);
  readonly #sums = new Float64Array(3);
  #samples = 0;

  constructor({ size }: Extract<OutputTarget, { kind: 'teacher' }>) {
    this.#size = size;
  }

  add(outputs: ArrayLike<number>, { size, numbers }: ScoredRows): void {
    const width = outputs.length / size;
    if (width !== this.#size)
      throw new EspalierError('invalid-data', `the output has ${width} numbers, the trained model's has ${this.#size}`, {
        where: 'model and data',
      });
    for (let example = 0; example < size; example++) {
      let [product, own, wanted, noise] = [0, 0, 0, 0];
      for (let i = example * width; i < (example + 1) * width; i++) {
        const [x, y] = [outputs[i] ?? NaN, numbers[i] ?? NaN];
        product += x * y;
        own += x * x;
        wanted += y * y;
        noise += (x - y) ** 2;
      }
      // Rounding of the root must not make 0.99999999 of what is the same.
      const cosine = noise === 0 ? 1 : own === 0 || wanted === 0 ? 0 : product / Math.sqrt(own * wanted);
      const row = Float64Array.of(cosine, wanted, noise);
      row.forEach((value, i) => (this.#sums[i] = (this.#sums[i] ?? 0) + value));
      this.#rows.add(row);
    }
    this.#samples += size;
  }

  figures(): OutputFigures {
    const { cosine, SQNR } = agreement(this.#sums, this.#samples);
    const [, , noise = 0] = this.#sums;
    return {
      ...noFigures,
      cosine,
      sqnr: SQNR,
      meanSquaredError: this.#samples === 0 ? undefined : noise / (this.#samples * this.#size),
      intervals: this.#rows.intervals(agreement),
    };
  }
}

function agreement([cosines = 0, signal = 0, noise = 0]: Float64Array, samples: number) {
  return {
    cosine: samples === 0 ? undefined : cosines / samples,
    SQNR: noise === 0 || signal === 0 ? undefined : 10 * Math.log10(signal / noise),
  };
}
