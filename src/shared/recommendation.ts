/** Which file of a run to ship: one rule for the command line, the panel, the sidebar and reports. */
import { measureRow, sizeMeasure } from './measures.ts';
import { bySize, qualityRow } from './measure-figures.ts';
import { defaultSizeTie } from './recipe/defaults.ts';
import type { Targets } from './recipe/targets.ts';
import type { NodeMetrics } from './results.ts';
import { checkTargets, hasTargets, keepsOtherLimits, type TargetVerdict } from './targets.ts';

/** A file to deploy that is measured. */
export interface Candidate {
  readonly id: string;
  readonly metrics: NodeMetrics;
}

export interface Recommendation extends Candidate {
  /** Of the targets that were asked for; none without any. */
  readonly verdicts: readonly TargetVerdict[];
  /**
   * `targets`: meets all; `closest`: misses the fewest; without targets `usual`: loses at most a point of top-1 (or 1% of an error), and
   * `accurate`: none does, so the most accurate. `budget`: what a search has chosen; `so-far`: what keeps the
   * budget while it goes on.
   */
  readonly reason: 'targets' | 'closest' | 'usual' | 'accurate' | 'budget' | 'so-far';
  /** A smaller file was passed over because this one is more accurate and hardly larger. */
  readonly passedOver: Candidate | undefined;
}

/** Without targets: the loss that counts as none, a point of top-1 or 1% more of an error; see `qualityLoss`. */
export const usualTargets: Targets = { accuracyDrop: 0.01 };

/** The part by which sizes may differ that count as equal; of files that are equally small the most accurate is recommended. */
export function sizeTieOf(targets: Targets | undefined): number {
  return targets?.sizeTie ?? defaultSizeTie;
}

/**
 * The smallest file that meets the targets. A file that is not what its certificate says is no candidate, nor is one that
 * the chosen board has no room for, unless none fits.
 *
 * @param baseline the trained model in float
 * @returns undefined where no file is measured
 */
export function recommendFile(
  candidates: readonly Candidate[],
  baseline: NodeMetrics | undefined,
  targets: Targets | undefined,
): Recommendation | undefined {
  const asked = hasTargets(targets);
  const limits = asked ? targets : usualTargets;
  const sound = candidates.filter(isSound);
  const fitting = sound.filter(({ metrics }) => metrics.hardware?.fitsBoard !== false);
  const judged = (fitting.length > 0 ? fitting : sound).map((candidate) => ({
    candidate,
    verdicts: checkTargets(limits, baseline, candidate.metrics),
  }));
  const misses = (verdicts: readonly TargetVerdict[]): number => verdicts.filter(({ met }) => !met).length;
  const fewest = Math.min(...judged.map(({ verdicts }) => misses(verdicts)));
  const best = judged.filter(({ verdicts }) => misses(verdicts) === fewest).map(({ candidate }) => candidate);
  const isAccurate = !asked && fewest > 0 && best.some(({ metrics }) => accuracyOf(metrics) !== undefined);
  const [chosen, smaller] = isAccurate ? [best.toSorted(byAccuracy)[0], undefined] : smallest(best, sizeTieOf(targets));
  if (chosen === undefined) return undefined;
  return {
    ...chosen,
    verdicts: asked ? checkTargets(targets, baseline, chosen.metrics) : [],
    reason: asked ? (fewest === 0 ? 'targets' : 'closest') : fewest === 0 ? 'usual' : 'accurate',
    passedOver: smaller,
  };
}

/** Whether a file is what its certificate says. */
export function isSound({ metrics }: Pick<Candidate, 'metrics'>): boolean {
  return metrics.certificate?.passed !== false;
}

/**
 * The file of a budget: the most accurate of those that keep its other limits, else the nearest. A file that is not what its
 * certificate says is no candidate. Until the search has chosen, what is known here is the accuracy on test examples.
 *
 * @param chosen what the search has chosen, where it has ended
 */
export function recommendWithin(
  candidates: readonly Candidate[],
  baseline: NodeMetrics | undefined,
  budget: Targets,
  chosen: string | undefined,
): Recommendation | undefined {
  const sound = candidates.filter(isSound);
  const known = sound.find(({ id }) => id === chosen);
  const keeping = sound.filter(({ metrics }) => keepsOtherLimits(checkTargets(budget, baseline, metrics)));
  const found = known ?? keeping.toSorted((a, b) => byAccuracy(a, b) || bySize(a.metrics, b.metrics))[0];
  if (found === undefined) return recommendFile(sound, baseline, budget);
  const verdicts = checkTargets(budget, baseline, found.metrics);
  return {
    ...found,
    verdicts,
    reason: verdicts.every(({ met }) => met) ? (known === undefined ? 'so-far' : 'budget') : 'closest',
    passedOver: undefined,
  };
}

/** With the smaller file that it was preferred to. */
function smallest(candidates: readonly Candidate[], sizeTie: number): readonly [Candidate | undefined, Candidate | undefined] {
  const [first, ...others] = candidates.toSorted((a, b) => bySize(a.metrics, b.metrics));
  if (first === undefined) return [undefined, undefined];
  const size = measureRow(sizeMeasure).value(first.metrics);
  const equals = others.filter(({ metrics }) => {
    const other = measureRow(sizeMeasure).value(metrics);
    return size !== undefined && other !== undefined && other <= size * (1 + sizeTie);
  });
  const chosen = [first, ...equals].toSorted((a, b) => byAccuracy(a, b) || bySize(a.metrics, b.metrics))[0] ?? first;
  return [chosen, chosen === first ? undefined : first];
}

/** The most accurate first; without a figure last. */
function byAccuracy(a: Candidate, b: Candidate): number {
  const [first, second] = [accuracyOf(a.metrics), accuracyOf(b.metrics)];
  if (first === undefined || second === undefined) return Number(first === undefined) - Number(second === undefined);
  return qualityRow(a.metrics).better === 'higher' ? second - first : first - second;
}

function accuracyOf(metrics: NodeMetrics): number | undefined {
  return measureRow('accuracy').value(metrics);
}

/**
 * The 95% interval of an accuracy: Wilson 1927, "Probable inference, the law of succession, and statistical inference".
 *
 * @param fraction right answers, in [0, 1]
 * @param samples examples measured, above 0
 * @returns lower and upper end, in [0, 1]
 * @example wilsonInterval(0.98, 1000) // [0.969, 0.987]
 */
export function wilsonInterval(fraction: number, samples: number): readonly [number, number] {
  const z = 1.959964;
  const centre = (fraction + z ** 2 / (2 * samples)) / (1 + z ** 2 / samples);
  const half = (z / (1 + z ** 2 / samples)) * Math.sqrt((fraction * (1 - fraction)) / samples + z ** 2 / (4 * samples ** 2));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
