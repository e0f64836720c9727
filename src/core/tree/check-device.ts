/** Whether files of a search keep what a budget limits of a device, which is known before any trains. */
import { type MeasureId, measureRow } from '../../shared/measures.ts';
import type { Targets } from '../../shared/recipe/targets.ts';
import type { HardwareFigures, NodeMetrics } from '../../shared/results.ts';
import { targetMeasures } from '../../shared/targets.ts';
import { EspalierError } from '../errors.ts';
import { smallestFile } from '../search/allocate-layers.ts';
import { type Candidate, type FileForm, formOf } from '../search/candidate.ts';
import { wholeFile } from './check-search.ts';
import { deployTarget } from './profile-node.ts';
import type { RecipeDocument } from './recipe/recipe-document.ts';
import type { SearchBasis, Structures } from './search-support.ts';

export interface DeviceLimits {
  /** Whether a file of such a form keeps all of them. */
  keeps(form: FileForm): boolean;
  /**
   * The candidates that keep all of them.
   *
   * @throws EspalierError where none does, with what is possible instead
   */
  keeping(candidates: readonly Candidate[]): readonly Candidate[];
}

/** Figures that follow from the structure of a file, and those of flash but for what its weights save. */
const measures: ReadonlySet<MeasureId> = new Set(['ram', 'flash', 'macs']);

export interface DeviceSetting {
  readonly recipe: RecipeDocument;
  readonly structures: Structures;
  readonly sensitivity: SearchBasis['sensitivity'];
  /** Of the trained model. */
  readonly baseline: NodeMetrics;
}

export function deviceLimits(budget: Targets, { recipe, structures, sensitivity, baseline }: DeviceSetting): DeviceLimits {
  const limits = targetMeasures.flatMap(({ measure, target }) => {
    const limit = budget[target];
    return limit === undefined || !measures.has(measure) ? [] : [{ measure, limit }];
  });
  const saved = limits.some(({ measure }) => measure === 'flash') ? mostSaved(recipe, sensitivity) : 0;
  const least = (measure: MeasureId, hardware: HardwareFigures | undefined): number => {
    // What cannot be measured has been refused, or limits nothing.
    const found = hardware === undefined ? undefined : measureRow(measure).value({ ...baseline, hardware });
    return found === undefined ? 0 : Math.ceil(found - (measure === 'flash' ? saved : 0));
  };
  const keeps = (form: FileForm): boolean =>
    limits.length === 0 || limits.every(({ measure, limit }) => least(measure, structures.hardware(form)) <= limit);
  return {
    keeps,
    keeping(candidates) {
      const kept = candidates.filter((candidate) => keeps(formOf(candidate.allocation)));
      if (kept.length > 0 || candidates.length === 0) return kept;
      const whole = structures.hardware();
      for (const { measure, limit } of limits) {
        const smallest = Math.min(...candidates.map(({ allocation }) => least(measure, structures.hardware(formOf(allocation)))));
        if (smallest <= limit) continue;
        throw notPossible(measure, limit, smallest, {
          isNarrower: smallest < least(measure, whole),
          isEstimate: measure === 'flash' && saved > 0,
        });
      }
      throw new EspalierError(
        'invalid-recipe',
        'each limit of a device can be kept by some file that the search would try, but none keeps all',
        {
          where: 'budgets',
          fix: 'leave one of them out, or take a smaller model',
        },
      );
    },
  };
}

function notPossible(
  measure: MeasureId,
  limit: number,
  least: number,
  { isNarrower, isEstimate }: { readonly isNarrower: boolean; readonly isEstimate: boolean },
): EspalierError {
  const file = isNarrower ? 'the narrowest file that the search would try' : 'an int8 file of this model with all of its filters';
  return new EspalierError(
    'invalid-recipe',
    `${measureRow(measure).target?.name ?? measure} of ${limit} is not possible: ${file} takes ${isEstimate ? `at least about ${least}` : least}`,
    {
      where: 'budgets',
      fix: `allow at least ${least}, or take a smaller model`,
    },
  );
}

/** Bytes of flash that the strongest settings take less than the plain int8 file: 4-bit weights, and what is packed. */
function mostSaved({ deploy }: RecipeDocument, sensitivity: SearchBasis['sensitivity']): number {
  const packs = (deploy?.pack ?? 'off') !== 'off' && deployTarget(deploy).npu === undefined;
  const least = Math.min(smallestFile(sensitivity, 'raw'), packs ? smallestFile(sensitivity, 'packed') : Infinity);
  return Math.max(0, wholeFile(sensitivity) - least);
}
