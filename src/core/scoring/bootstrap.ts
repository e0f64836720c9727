/** How sure a figure is that is no share of independent examples: the percentile bootstrap. Efron & Tibshirani 1993, section 13.3. */
import type { QualityId } from '../../shared/results.ts';
import { createRandom } from '../random.ts';

/** The same for every evaluation, so that the same outputs have the same interval. */
const seed = 19_93;
const mostResamples = 1000;
/** Ends of the interval of fewer are noise. */
const fewestResamples = 100;
/** Additions: about a second. */
const budget = 2e8;

export type Intervals = Readonly<Partial<Record<QualityId, readonly [number, number]>>>;

/**
 * How often examples are drawn again; 0 where there are too many numbers, or a single example.
 *
 * @param width numbers that each example contributes
 */
export function resampleCount(samples: number, width: number): number {
  const count = Math.min(mostResamples, Math.floor(budget / Math.max(samples * width, 1)));
  return samples < 2 || count < fewestResamples ? 0 : count;
}

/** Rows of numbers, one for each example, of whose sums figures are functions. */
export class ExampleRows {
  readonly #width: number;
  readonly #rows: Float64Array[] = [];
  #isKept = true;

  constructor(width: number) {
    this.#width = width;
  }

  /** @param row `[width]`, which is kept */
  add(row: Float64Array): void {
    this.#isKept &&= (this.#rows.length + 1) * this.#width * fewestResamples <= budget;
    if (this.#isKept) this.#rows.push(row);
    else this.#rows.length = 0;
  }

  /**
   * The 95% interval of each figure, from as many examples drawn with repetition.
   *
   * @param figuresOf of sums over `samples` rows; a figure that some sums do not have has no interval
   */
  intervals(figuresOf: (sums: Float64Array, samples: number) => Readonly<Partial<Record<QualityId, number | undefined>>>): Intervals {
    const samples = this.#rows.length;
    const random = createRandom(seed);
    const sums = new Float64Array(this.#width);
    return intervalsOf(resampleCount(samples, this.#width), () => {
      sums.fill(0);
      for (let drawn = 0; drawn < samples; drawn++) {
        const row = this.#rows[random.integer(samples)];
        if (row !== undefined) for (let i = 0; i < row.length; i++) sums[i] = (sums[i] ?? 0) + (row[i] ?? 0);
      }
      return figuresOf(sums, samples);
    });
  }
}

/**
 * The same for a figure that is no function of sums.
 *
 * @param figuresOf of how often each example was drawn, `[samples]`
 */
export function intervalsOfCounts(
  samples: number,
  width: number,
  figuresOf: (counts: Uint32Array) => Readonly<Partial<Record<QualityId, number | undefined>>>,
): Intervals {
  const random = createRandom(seed);
  const counts = new Uint32Array(samples);
  return intervalsOf(resampleCount(samples, width), () => {
    counts.fill(0);
    for (let drawn = 0; drawn < samples; drawn++) {
      const example = random.integer(samples);
      counts[example] = (counts[example] ?? 0) + 1;
    }
    return figuresOf(counts);
  });
}

function intervalsOf(resamples: number, next: () => Readonly<Partial<Record<QualityId, number | undefined>>>): Intervals {
  const found = new Map<string, number[]>();
  for (let resample = 0; resample < resamples; resample++) {
    for (const [id, value] of Object.entries(next())) {
      if (value === undefined || !Number.isFinite(value)) continue;
      const values = found.get(id) ?? [];
      values.push(value);
      found.set(id, values);
    }
  }
  return Object.fromEntries(
    [...found].flatMap(([id, values]) => {
      if (values.length < resamples) return [];
      const sorted = Float64Array.from(values).sort();
      return [[id, [quantile(sorted, 0.025), quantile(sorted, 0.975)]]];
    }),
  );
}

/** Between the two nearest of sorted values. */
function quantile(sorted: Float64Array, part: number): number {
  const place = part * (sorted.length - 1);
  const below = sorted[Math.floor(place)] ?? NaN;
  return below + (place % 1) * ((sorted[Math.ceil(place)] ?? NaN) - below);
}
