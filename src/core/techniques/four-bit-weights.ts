/**
 * Rounds kernels of convolutions and dense layers to 15 levels a channel. Rounding to nearest would err too much, so
 * each weight makes up for the errors of those before it, see `errorFeedback` (GPTQ).
 */
import { channelLayout } from '../constraints/channels.ts';
import { levelsOf } from '../constraints/composition.ts';
import { findConstraint, type IntegerGrid, type NetworkConstraints, withConstraint } from '../constraints/constraint.ts';
import { gridScales, projectIntegerGrid, weightLimit } from '../constraints/integer-grid.ts';
import { roundHalfToEven } from '../constraints/rounding.ts';
import { EspalierError } from '../errors.ts';
import type { Network, ParameterId } from '../network/network.ts';
import { type Rounding, errorFeedback } from './reconstruction/error-feedback.ts';
import { kernelsOf, outputChannels } from './kernels.ts';
import { excludes, layerPattern } from './layer-rules.ts';
import { reconstructLayers } from './reconstruction/reconstruct-layers.ts';
import type { OptimizedModel, TechniqueContext, TechniqueRequest } from './technique.ts';

/** The 4-bit grid of each kernel that gets one. */
export type NarrowGrids = ReadonlyMap<ParameterId, IntegerGrid>;

const bits = 4;
/** Longer filters are rounded to nearest: the time of factoring grows with the cube of the length. */
const longestFilter = 2304;
/** Candidates for the end of the grid, as shares of the largest weight: clipping outliers gives finer steps. */
const clipRatios = Array.from({ length: 21 }, (_, i) => 1 - i / 40);

/**
 * A grid for each output channel of the kernels that the runtimes run with 4 bits; others are named in a warning and
 * keep 8.
 *
 * @param model as it is deployed
 * @throws EspalierError `invalid-argument` where no kernel is left
 */
export function narrowGrids(
  { network, constraints }: OptimizedModel,
  { row, rules }: Pick<TechniqueRequest<object>, 'row' | 'rules'>,
  context: TechniqueContext,
): NarrowGrids {
  const excluded = rules.filter((rule) => excludes(rule, row)).map(({ pattern }) => layerPattern(pattern));
  const grids = new Map<ParameterId, IntegerGrid>();
  const wide: string[] = [];
  for (const { parameter, operation, layer, data, shape } of kernelsOf(network)) {
    if (excluded.some((pattern) => pattern.test(layer))) continue;
    if (operation.kind !== 'conv2d' && operation.kind !== 'dense') {
      wide.push(`"${layer}"`);
      continue;
    }
    const granularity = outputChannels(operation);
    const levels = levelsOf(constraints.get(parameter) ?? []);
    const largest = gridScales(data, shape, { granularity, bits }, levels);
    const grid: IntegerGrid = { kind: 'integerGrid', granularity, bits, scales: largest, scaling: 'fixed' };
    grids.set(parameter, levels === undefined ? { ...grid, scales: clippedScales(data, shape, grid) } : grid);
  }
  if (grids.size === 0)
    throw new EspalierError('invalid-argument', 'no kernel is left for 4 bits', {
      fix: 'convolutions and dense layers take them: exclude fewer layers, or use "ptq"',
    });
  if (wide.length > 0) context.warn(`layers ${wide.join(', ')} keep 8-bit weights: only convolutions and dense layers take 4 bits`);
  return grids;
}

/** The scale of each channel, at most that of its largest weight, of the least squared rounding error. */
function clippedScales(weights: Float32Array, shape: readonly number[], { granularity, scales }: IntegerGrid): Float32Array {
  const { channels, channelOf } = channelLayout(shape, granularity);
  const best = new Float32Array(channels);
  const least = new Float64Array(channels).fill(Infinity);
  for (const ratio of clipRatios) {
    const errors = new Float64Array(channels);
    weights.forEach((weight, i) => {
      const channel = channelOf(i);
      errors[channel] = (errors[channel] ?? 0) + (weight - onGrid(weight, (scales[channel] ?? 1) * ratio)) ** 2;
    });
    errors.forEach((error, channel) => {
      if (error >= (least[channel] ?? 0)) return;
      least[channel] = error;
      best[channel] = (scales[channel] ?? 1) * ratio;
    });
  }
  return best;
}

function onGrid(weight: number, scale: number): number {
  const limit = weightLimit(bits);
  return Math.max(-limit, Math.min(limit, roundHalfToEven(weight / scale))) * scale;
}

/**
 * The network with each of these kernels on its grid. Masks stay in force, and weights of a codebook are rounded by
 * themselves, so that equal ones stay equal.
 *
 * @throws EspalierError `cancelled`
 */
export async function roundToGrids(
  network: Network,
  constraints: NetworkConstraints,
  grids: NarrowGrids,
  context: TechniqueContext,
): Promise<Network> {
  return reconstructLayers(
    network,
    network,
    {
      kernels: new Set(grids.keys()),
      longestFilter,
      fit: async (id, kernel, equations) => {
        const grid = grids.get(id);
        if (grid === undefined) return undefined;
        const nearest = projectIntegerGrid(kernel.data, kernel.shape, grid);
        const list = constraints.get(id) ?? [];
        if (equations === undefined || levelsOf(list) !== undefined) return nearest;
        const mask = findConstraint(list, 'sparsity')?.mask;
        const rounded = await errorFeedback({ weights: kernel.data, gram: equations.gram, mask, signal: context.signal });
        return rounded?.(toGrid(grid, kernel.shape)) ?? nearest;
      },
    },
    context,
  );
}

function toGrid({ granularity, scales }: IntegerGrid, shape: readonly number[]): Rounding {
  const { channelOf } = channelLayout(shape, granularity);
  return (weight, index) => onGrid(weight, scales[channelOf(index)] ?? 1);
}

export function withGrids(constraints: NetworkConstraints, grids: NarrowGrids): NetworkConstraints {
  const all = new Map(constraints);
  for (const [parameter, grid] of grids) all.set(parameter, withConstraint(all.get(parameter) ?? [], grid));
  return all;
}
