/** Which kernels a technique applies to, and with which settings: by layer name or pattern. */
import type { ActivationType, LayerRule } from '../../shared/recipe/layer-rule.ts';
import type { LayerField, TechniqueRow } from '../../shared/techniques.ts';
import { EspalierError } from '../errors.ts';
import { type NameTest, wildcard } from '../name-patterns.ts';
import type { Network } from '../network/network.ts';
import { type Kernel, kernelsOf } from './kernels.ts';
import type { TechniqueRequest } from './technique.ts';

/** What a rule may say of a layer, of these fields. */
export type LayerSettings<Field extends LayerField> = { readonly [Each in Field]: NonNullable<LayerRule[Each]> };

/** Which kernels a technique applies to, apart from rules. */
export interface KernelChoice {
  /** Depthwise kernels have few weights and lose much; default: false. */
  readonly includeDepthwise?: boolean;
  /** Leave the first and the last kernel of the network alone; default: false. */
  readonly protectEnds?: boolean;
  /** Layers that keep their weights; checked by `checkFrozenLayers`. */
  readonly freeze?: readonly string[];
}

export interface SelectedKernel<Field extends LayerField> extends Kernel {
  readonly settings: LayerSettings<Field>;
  /** Settings from a rule; they hold whatever the technique does with other layers. */
  readonly ruled: ReadonlySet<Field>;
}

/**
 * The kernels that a technique goes through. Later rules override earlier ones, and a layer that a rule names takes part
 * even if it is protected or depthwise.
 *
 * @param settings of layers that no rule names
 * @throws EspalierError `invalid-argument` for a pattern that matches no kernel, naming the layers that there are
 */
export function selectKernels<Field extends LayerField>(
  network: Network,
  settings: LayerSettings<Field>,
  { row, options, rules }: Pick<TechniqueRequest<KernelChoice>, 'row' | 'options' | 'rules'>,
): readonly SelectedKernel<Field>[] {
  const kernels = kernelsOf(network);
  const fields = fieldsOf(settings);
  const relevant = rules.flatMap((rule) => (concerns(rule, row) ? [{ rule, pattern: layerPattern(rule.pattern) }] : []));
  for (const { rule } of relevant) requireLayer(rule, kernels);
  const frozen = (options.freeze ?? []).map(layerPattern);
  return kernels.flatMap((kernel, index) => {
    const applying = relevant.filter(({ pattern }) => pattern.test(kernel.layer)).map(({ rule }) => rule);
    const last = applying.at(-1);
    const shielded =
      (options.protectEnds === true && (index === 0 || index === kernels.length - 1)) ||
      (options.includeDepthwise !== true && kernel.operation.kind === 'depthwiseConv2d');
    const isExcluded = last === undefined ? shielded : excludes(last, row);
    if (isExcluded || frozen.some((pattern) => pattern.test(kernel.layer))) return [];
    const own: { -readonly [Each in Field]: NonNullable<LayerRule[Each]> } = { ...settings };
    const ruled = new Set<Field>();
    for (const rule of applying) {
      for (const field of fields) {
        const value = excludes(rule, row) ? undefined : rule[field];
        if (value === undefined) continue;
        own[field] = value;
        ruled.add(field);
      }
    }
    return [{ ...kernel, settings: own, ruled }];
  });
}

/** @throws EspalierError `invalid-argument` for a pattern that matches none of the kernels */
export function requireLayer({ pattern }: LayerRule, kernels: readonly Kernel[]): void {
  if (kernels.some(({ layer }) => layerPattern(pattern).test(layer))) return;
  throw new EspalierError('invalid-argument', `pattern "${pattern}" matches no layer with a kernel`, {
    fix: `the model has ${kernels.map(({ layer }) => `"${layer}"`).join(', ')}`,
  });
}

function fieldsOf<Field extends LayerField>(settings: LayerSettings<Field>): readonly Field[] {
  const isField = (key: string): key is Field => Object.hasOwn(settings, key);
  return Object.keys(settings).filter(isField);
}

/** Whether the rule affects what this technique does with kernels. */
export function concerns(rule: LayerRule, row: TechniqueRow): boolean {
  return excludes(rule, row) || (row.layerRules?.fields ?? []).some((field) => rule[field] !== undefined);
}

export function excludes({ exclude }: LayerRule, { layerRules }: TechniqueRow): boolean {
  return layerRules !== undefined && exclude?.includes(layerRules.exclude) === true;
}

/** The type of activations that the rule gives its layers, if this technique takes one. */
export function activationsOf({ activations }: LayerRule, { layerRules }: TechniqueRow): ActivationType | undefined {
  return layerRules?.activations === true ? activations : undefined;
}

/** Matches whole names. */
export function layerPattern(text: string): { readonly test: NameTest } {
  return { test: wildcard(text) };
}
