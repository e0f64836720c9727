import type { TechniqueOptions } from '../shared/recipe/technique-options.ts';
import { type ConstraintKind, preservingTechnique, type TechniqueId, techniqueIds, techniqueRow } from '../shared/techniques.ts';
import { WrongUsage } from './wrong-usage.ts';

export interface OptimizationPath {
  /** The last node of the path. */
  readonly node: string;
  readonly techniques: TechniqueOptions;
  /** The recipe's name for the technique of each step that is taken. */
  readonly keys: Readonly<Partial<Record<'prune' | 'cluster' | 'quantize', keyof TechniqueOptions>>>;
}

/** Quantizations that keep whatever the steps before gave. */
const untrained = techniqueIds.filter((id) => techniqueRow(id).inherits === 'all');

/** What `quantize=` may name. */
export const quantizations: readonly string[] = [...untrained.map((id) => techniqueRow(id).node), 'qat'];

const example = 'write steps such as prune=0.5,cluster=16,quantize=qat';

/**
 * One path of the deployment tree from its steps: `prune=SPARSITY`, `cluster=COUNT`, `quantize=ptq|ptq4|qat`, in this order,
 * each at most once. Quantization after other steps is the one that preserves them.
 *
 * @throws WrongUsage
 */
export function parseSteps(text: string): OptimizationPath {
  const steps = text.split(',').map((step) => step.trim().split('='));
  const order = ['prune', 'cluster', 'quantize'];
  const names = steps.map(([name = '']) => name);
  const unknown = names.find((name) => !order.includes(name));
  if (unknown !== undefined) throw wrong(`there is no step "${unknown}"`);
  if (names.some((name, index) => index > 0 && order.indexOf(name) <= order.indexOf(names[index - 1] ?? ''))) {
    throw wrong('the steps are pruning, then clustering, then quantization, each at most once');
  }
  const values = new Map(steps.map(([name = '', value = '']) => [name, value]));
  const sparsity = numberOf(values.get('prune'), 'prune', (value) => value >= 0 && value < 1, 'a sparsity from 0 to below 1');
  const clusters = numberOf(
    values.get('cluster'),
    'cluster',
    (value) => Number.isInteger(value) && value >= 2,
    'a whole number of clusters, at least 2',
  );
  const quantization = values.get('quantize');
  if (quantization !== undefined && !quantizations.includes(quantization))
    throw wrong(`"quantize=${quantization}" is none of ${quantizations.join(', ')}`);
  const path: TechniqueId[] = [];
  const techniques: { -readonly [Key in keyof TechniqueOptions]: TechniqueOptions[Key] } = {};
  const keys: { -readonly [Key in keyof OptimizationPath['keys']]: OptimizationPath['keys'][Key] } = {};
  const inForce = new Set<ConstraintKind>();
  const take = (step: keyof OptimizationPath['keys'], id: TechniqueId | undefined, options: object | undefined): void => {
    if (id === undefined) throw wrong(`no technique keeps what the steps before "${step}" gave`);
    const row = techniqueRow(id);
    path.push(id);
    keys[step] = row.options;
    if (options !== undefined) techniques[row.options] = options;
    if (row.adds !== undefined) inForce.add(row.adds);
  };
  if (sparsity !== undefined) take('prune', preservingTechnique('sparsity', inForce), { sparsity });
  if (clusters !== undefined) take('cluster', preservingTechnique('codebook', inForce), { clusters });
  if (quantization === 'qat') take('quantize', preservingTechnique('integerGrid', inForce), undefined);
  else if (quantization !== undefined) {
    const id = untrained.find((each) => techniqueRow(each).node === quantization);
    // What grows only on request is requested by naming it.
    take('quantize', id, id !== undefined && techniqueRow(id).onRequest === true ? {} : undefined);
  }
  return { node: path.map((id) => techniqueRow(id).node).join('/'), techniques, keys };
}

function numberOf(text: string | undefined, step: string, isAllowed: (value: number) => boolean, allowed: string): number | undefined {
  if (text === undefined) return undefined;
  const value = text === '' ? NaN : Number(text);
  if (!isAllowed(value)) throw wrong(`"${text === '' ? step : `${step}=${text}`}" does not name ${allowed}`);
  return value;
}

function wrong(what: string): WrongUsage {
  return new WrongUsage('--steps', what, example);
}
