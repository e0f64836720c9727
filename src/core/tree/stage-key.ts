import type { LayerRule } from '../../shared/recipe/layer-rule.ts';
import { isTechnique, techniqueRow } from '../../shared/techniques.ts';
import { withTeacher } from '../../shared/recipe/teachers.ts';
import { activationsOf, concerns, excludes } from '../techniques/layer-rules.ts';
import type { Stage } from './deployment-tree.ts';
import { digestOf } from './store/digest.ts';
import type { TeacherDigests } from './teachers.ts';

/** What every stage of one model depends on. */
export interface RootDependencies {
  /** Digest of the model's bytes. */
  readonly model: string;
  /** Digest of the data block and the bytes of all files that it names. */
  readonly data: string;
  readonly seed: number;
  /** With version, provider and threads: other engines round differently. */
  readonly engine: string;
  readonly runtime: string;
  /** Digest of the code that computes. */
  readonly code: string;
  readonly latency: boolean;
  /** How files are packed, which a node reports. */
  readonly pack: string;
  /** Whether files are written without names. */
  readonly strip?: boolean | undefined;
}

/**
 * The content address of a stage's result: everything it depends on, its parent's address included.
 *
 * @param parent key of the parent, or what the root depends on
 * @param teachers other models that stages learn from: their bytes count, wherever they lie
 */
export function stageKey(
  parent: string | RootDependencies,
  stage: Stage,
  rules: readonly LayerRule[],
  teachers: TeacherDigests = new Map(),
): string {
  return digestOf({ parent, stage: withDigest(stage, teachers), rules: rules.flatMap((rule) => relevantPart(rule, stage)) });
}

function withDigest(stage: Stage, teachers: TeacherDigests): Stage {
  if (stage.technique === 'baseline') return stage;
  return { ...stage, options: withTeacher(stage.options, (path) => teachers.get(path) ?? path) };
}

/** Only the fields that the technique reads, so that a changed cluster count does not prune again. */
function relevantPart(rule: LayerRule, { technique }: Stage): readonly object[] {
  if (!isTechnique(technique)) return [];
  const row = techniqueRow(technique);
  const activations = activationsOf(rule, row);
  if (!concerns(rule, row)) return activations === undefined ? [] : [{ pattern: rule.pattern, activations }];
  const fields = (row.layerRules?.fields ?? []).map((field) => [field, rule[field]]);
  return [{ pattern: rule.pattern, ...Object.fromEntries(fields), excluded: excludes(rule, row), activations }];
}
