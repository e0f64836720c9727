/** The operations of a model, or of two models laid over each other, as a graph: data for the viewer's drawing. */
import type { InspectedOperation, ModelInspection } from '../inspection.ts';
import type { DensityPlot, WeightMetrics } from '../results.ts';
import { alignOperations, type OperationPair } from './align-operations.ts';

/** Of a kernel, where the operation has one. */
export interface LayerFigures {
  /** Part of zeros, in [0, 1]. */
  readonly sparsity: number;
  readonly uniqueValues: number;
  /**
   * Estimate of the part of the kernel's root mean square that rounding to its integers takes: steps of one have an error
   * of 1/√12 (Widrow and Kollár, Quantization Noise, 2008, eq. 3.20). Undefined for kernels that are not integers.
   */
  readonly roundingError: number | undefined;
}

export interface GraphNode {
  readonly id: number;
  readonly title: string;
  /** One line below the title. */
  readonly subtitle: string;
  /** For a tooltip and for screen readers. */
  readonly details: readonly string[];
  readonly figures: LayerFigures | undefined;
  /** Of two files with other figures: those of the first. */
  readonly before: LayerFigures | undefined;
  /** Of two files: in both alike, in both with other weights, or in one alone. */
  readonly difference: 'same' | 'changed' | 'first' | 'second';
}

export interface GraphEdge {
  readonly from: number;
  readonly to: number;
}

export interface NetworkGraph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

/** An edge leads from the operation that makes a tensor to each that reads it; the model's inputs are nodes too. */
export function networkGraph(first: ModelInspection, second?: ModelInspection): NetworkGraph {
  const pairs =
    second === undefined ? first.operations.map((operation) => ({ first: operation, second: undefined })) : alignOperations(first, second);
  const inputs = first.inputs.map(({ name, type, shape }, id): GraphNode => ({
    id,
    title: name,
    subtitle: `${type} ${shape.join(' × ')}`,
    details: [],
    figures: undefined,
    before: undefined,
    difference: 'same',
  }));
  const figures = [kernelFigures(first), second === undefined ? undefined : kernelFigures(second)] as const;
  const operations = pairs.map((pair, index) => toNode(pair, inputs.length + index, figures, second !== undefined));
  const edges = new Map<string, GraphEdge>();
  for (const side of ['first', 'second'] as const) {
    const model = side === 'first' ? first : second;
    if (model === undefined) continue;
    const makers = new Map(model.inputs.map(({ name }, id) => [name, Math.min(id, inputs.length - 1)]));
    for (const [index, pair] of pairs.entries()) {
      const operation = pair[side];
      if (operation === undefined) continue;
      const to = inputs.length + index;
      for (const input of operation.inputs) {
        const from = makers.get(input);
        if (from !== undefined && from !== to) edges.set(`${from} ${to}`, { from, to });
      }
      for (const output of operation.outputs) makers.set(output, to);
    }
  }
  return { nodes: [...inputs, ...operations], edges: [...edges.values()] };
}

type Figures = ReadonlyMap<string, LayerFigures>;

function toNode(
  { first, second }: OperationPair,
  id: number,
  [ofFirst, ofSecond]: readonly [Figures, Figures | undefined],
  isComparison: boolean,
): GraphNode {
  const operation = second ?? first;
  const before = first && figuresOf(first, ofFirst);
  const after = second && ofSecond && figuresOf(second, ofSecond);
  const difference =
    !isComparison || (first !== undefined && second !== undefined)
      ? sameFigures(before, after) || !isComparison
        ? 'same'
        : 'changed'
      : first === undefined
        ? 'second'
        : 'first';
  return {
    id,
    title: operation?.kind ?? '',
    subtitle: operation?.outputShape.join(' × ') ?? '',
    details: [operation?.layer ?? '', operation?.details ?? ''].filter((line) => line !== ''),
    figures: after ?? before,
    before: before === undefined || after === undefined || sameFigures(before, after) ? undefined : before,
    difference,
  };
}

function sameFigures(a: LayerFigures | undefined, b: LayerFigures | undefined): boolean {
  return a?.sparsity === b?.sparsity && a?.uniqueValues === b?.uniqueValues;
}

/** By the name of the kernel's tensor. */
function kernelFigures({ weights, densities }: ModelInspection): Figures {
  const histograms = new Map(densities.map((density) => [density.layer, density]));
  return new Map(
    weights.map((kernel: WeightMetrics) => [
      kernel.tensor,
      {
        sparsity: kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements,
        uniqueValues: kernel.uniqueValues,
        roundingError: roundingError(histograms.get(kernel.layer)),
      },
    ]),
  );
}

function figuresOf({ inputs }: InspectedOperation, figures: Figures): LayerFigures | undefined {
  return inputs.map((input) => figures.get(input)).find((found) => found !== undefined);
}

export function roundingError(density: DensityPlot | undefined): number | undefined {
  if (density?.axis !== 'integer' || density.elements === 0) return undefined;
  const width = (density.maximum - density.minimum) / density.counts.length;
  const squares = density.counts.reduce((sum, count, index) => {
    const value = density.minimum + (index + 0.5) * width;
    return sum + count * value * value;
  }, 0);
  return squares === 0 ? undefined : Math.sqrt(1 / 12 / (squares / density.elements));
}
