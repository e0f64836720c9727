/** What a recipe's rules for layers leave to a search. */
import type { LayerChoice } from '../../shared/layer-choices.ts';
import { isSettable } from '../../shared/layer-choices.ts';
import type { LayerRule, WeightBits } from '../../shared/recipe/layer-rule.ts';
import type { LayerSensitivity, SensitivityReport } from '../../shared/sensitivity.ts';
import { type TechniqueId, techniqueRow } from '../../shared/techniques.ts';
import { concerns, excludes, layerPattern } from '../techniques/layer-rules.ts';

export interface LayerLimits {
  /** Of the recipe; its rules with `sparsity`, `filters` or `clusters` do not go with a search. */
  readonly rules: readonly LayerRule[];
  /** Patterns of layers that keep their weights. */
  readonly freeze: readonly string[];
}

/**
 * Without the choices that `exclude`, `bits`, `activations` and `freeze` rule out: the rules of a candidate come after those of the
 * recipe and would win. The same report where nothing is ruled out.
 */
export function permittedChoices<Report extends Pick<SensitivityReport, 'layers'>>(report: Report, limits: LayerLimits): Report {
  if (limits.rules.length === 0 && limits.freeze.length === 0) return report;
  return { ...report, layers: report.layers.map((layer) => permitted(layer, limits)) };
}

function permitted(layer: LayerSensitivity, { rules, freeze }: LayerLimits): LayerSensitivity {
  const applying = rules.filter(({ pattern }) => layerPattern(pattern).test(layer.layer));
  const frozen = freeze.some((pattern) => layerPattern(pattern).test(layer.layer));
  const mayPrune = !frozen && !isExcluded(applying, 'pruning');
  const mayCluster = !frozen && !isExcluded(applying, 'clustering');
  const bits = ruledBits(applying);
  const mayWiden = applying.every(({ activations }) => activations === undefined);
  const allowed = (choice: LayerChoice): boolean =>
    isSettable(choice) ? (mayPrune || choice.sparsity === 0) && (mayCluster || choice.clusters === 0) : mayWiden;
  const choices = layer.choices.filter(allowed);
  const ofBits = choices.filter((choice) => bits === undefined || !isSettable(choice) || choice.bits === bits);
  // A layer that cannot have 4 bits keeps 8, as everywhere.
  return { ...layer, choices: ofBits.some(isSettable) ? ofBits : choices };
}

/** As techniques read rules: the last one that concerns them decides. */
function isExcluded(rules: readonly LayerRule[], technique: TechniqueId): boolean {
  const row = techniqueRow(technique);
  const last = rules.findLast((rule) => concerns(rule, row));
  return last !== undefined && excludes(last, row);
}

function ruledBits(rules: readonly LayerRule[]): WeightBits | undefined {
  const row = techniqueRow('qat');
  const last = rules.findLast((rule) => concerns(rule, row));
  return last === undefined ? undefined : excludes(last, row) ? 8 : last.bits;
}
