/** The options of `optimize` that say what a file must reach, instead of the steps that lead there. */
import { InvalidArgumentError } from 'commander';
import type { ParetoSearch, Targets } from '../shared/recipe/targets.ts';
import { defaultSearchMinutes } from '../shared/recipe/defaults.ts';
import { type CountedTarget, countedTargetKeys } from '../shared/search-budget.ts';
import { WrongUsage } from './wrong-usage.ts';

export interface BudgetOptions {
  readonly maxBytes?: readonly number[];
  readonly maxPacked?: readonly number[];
  readonly maxFile?: readonly number[];
  readonly maxEthosU?: readonly number[];
  readonly maxRam?: number;
  /** In points, or percent of an error. */
  readonly maxDrop?: number;
  readonly minutes?: number;
  readonly trainingSteps?: number;
}

const units: Readonly<Record<string, number>> = { '': 1, B: 1, kB: 1e3, KB: 1e3, MB: 1e6, KiB: 1024, MiB: 1024 ** 2 };

/** `60000`, `60kB`, `1.5MB` or `64KiB`. */
export function byteSize(text: string): number {
  const [, number = '', unit = ''] = /^\s*(\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*$/.exec(text) ?? [];
  const factor = Object.hasOwn(units, unit) ? units[unit] : undefined;
  const bytes = number === '' || factor === undefined ? NaN : Math.round(Number(number) * factor);
  if (!(bytes >= 1 && Number.isSafeInteger(bytes))) throw new InvalidArgumentError('Give bytes, such as 60000, 60kB, 1.5MB or 64KiB.');
  return bytes;
}

/** Several sizes, an option or a comma each. */
export function byteSizes(text: string, earlier: readonly number[] = []): readonly number[] {
  return [...earlier, ...text.split(',').map(byteSize)];
}

/**
 * The search that the options ask for: a budget for each size. Undefined where they name none.
 *
 * @throws WrongUsage for options that contradict each other, or lack one
 */
export function searchOf(options: BudgetOptions): ParetoSearch | undefined {
  const { maxRam, maxDrop, minutes, trainingSteps } = options;
  const sizes: Readonly<Record<CountedTarget, readonly number[]>> = {
    compressedBytes: options.maxBytes ?? [],
    packedBytes: options.maxPacked ?? [],
    fileBytes: options.maxFile ?? [],
    ethosUBytes: options.maxEthosU ?? [],
  };
  const given = countedTargetKeys.filter((key) => sizes[key].length > 0);
  const [first] = given;
  if (first === undefined) {
    const others = Object.entries({ '--max-ram': maxRam, '--max-drop': maxDrop, '--minutes': minutes, '--training-steps': trainingSteps });
    const [name] = others.find(([, value]) => value !== undefined) ?? [];
    if (name === undefined) return undefined;
    throw new WrongUsage(
      name,
      'it goes with a budget of bytes',
      'add --max-bytes 60kB (after gzip), --max-packed 60kB, --max-file 60kB or --max-ethos-u 60kB',
    );
  }
  if (minutes !== undefined && trainingSteps !== undefined)
    throw new WrongUsage('--minutes', 'it contradicts --training-steps', 'give one of the two');
  if (maxDrop !== undefined && maxDrop > 100)
    throw new WrongUsage('--max-drop', `${maxDrop} is more than all of the accuracy`, 'give points from 0 to 100, such as 1');
  const listed = given.filter((key) => sizes[key].length > 1);
  if (listed.length > 1)
    throw new WrongUsage('the sizes', 'several of more than one kind do not say which go together', 'give several of one kind');
  const rest: Targets = {
    ...(maxRam === undefined ? {} : { ramBytes: maxRam }),
    ...(maxDrop === undefined ? {} : { accuracyDrop: maxDrop / 100 }),
  };
  const many = listed[0] ?? first;
  const budgets = sizes[many]
    .toSorted((a, b) => a - b)
    .map((bytes): Targets => ({
      ...Object.fromEntries(given.map((key) => [key, key === many ? bytes : sizes[key][0]])),
      ...rest,
    }));
  return {
    kind: 'pareto',
    ...(trainingSteps === undefined ? { minutes: minutes ?? defaultSearchMinutes } : { steps: trainingSteps }),
    budgets,
  };
}
