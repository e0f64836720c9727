import type { TechniqueOptions } from '../shared/recipe/technique-options.ts';
import type { OptimizationPath } from './parse-steps.ts';
import { WrongUsage } from './wrong-usage.ts';

/**
 * Settings that `--set` adds to the recipe of a path: options of its steps, of all training, and rules for single
 * layers.
 */
export interface StepSettings {
  readonly techniques: TechniqueOptions;
  readonly training: Readonly<Record<string, unknown>>;
  readonly layers: unknown;
}

const example =
  'write such as --set prune.structure=filters, --set cluster.weighting=fisher or --set layers=[{"pattern":"conv1","sparsity":0.3}]';
const groups = ['prune', 'cluster', 'quantize', 'training'] as const;
type Group = (typeof groups)[number];

/**
 * `STEP.OPTION=VALUE` each, where the step is one of `--steps` (or `training`, for all of them) and the option one of the
 * recipe's for it; `layers=VALUE` is the recipe's list of rules. Values are JSON where they are valid JSON, else text. The
 * recipe's check has the last word on names and ranges.
 *
 * @throws WrongUsage
 */
export function applySettings(path: OptimizationPath, settings: readonly string[]): StepSettings {
  const options = new Map<Group, Record<string, unknown>>();
  let layers: unknown;
  for (const setting of settings) {
    const [name = '', text] = splitOnce(setting, '=');
    if (text === undefined) throw wrong(`"${setting}" sets nothing`);
    if (name === 'layers') {
      layers = jsonOrText(text);
      continue;
    }
    const [step = '', option] = splitOnce(name, '.');
    const group = groups.find((each) => each === step);
    if (group === undefined || option === undefined || option === '')
      throw wrong(`"${name}" is no option of a step; the steps are ${groups.join(', ')}`);
    options.set(group, { ...options.get(group), [option]: jsonOrText(text) });
  }
  const techniques: Record<string, unknown> = { ...path.techniques };
  for (const group of groups) {
    const given = options.get(group);
    if (given === undefined || group === 'training') continue;
    const key = path.keys[group];
    if (key === undefined) throw wrong(`"${group}" is set but is not among the steps`);
    techniques[key] = { ...objectOf(techniques[key]), ...given };
  }
  return { techniques, training: options.get('training') ?? {}, layers };
}

function splitOnce(text: string, separator: string): readonly [string, string | undefined] {
  const at = text.indexOf(separator);
  return at === -1 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}

function jsonOrText(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return text;
  }
}

function objectOf(value: unknown): object {
  return typeof value === 'object' && value !== null ? value : {};
}

function wrong(what: string): WrongUsage {
  return new WrongUsage('--set', what, example);
}
