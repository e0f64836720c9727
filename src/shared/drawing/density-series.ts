/** The density of one kernel along the path from the root to a node, on axes that can be compared. */
import { pathTo } from '../run-state.ts';
import type { ModelState } from '../run-state.ts';
import type { DensityPlot } from '../results.ts';

export interface DensityPanel {
  readonly node: string;
  readonly title: string;
  readonly axis: DensityPlot['axis'];
  /** Of the drawn axis: shared by all panels of the same kind. */
  readonly minimum: number;
  readonly maximum: number;
  /** Middle of each bin and its share of the elements. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
  /** Of the drawn axis of shares; a spike at zero may reach beyond it. */
  readonly greatest: number;
  readonly zeros: number;
  readonly elements: number;
}

/** Names of the kernels that have a density at any node, in the network's order. */
export function kernelNames(model: ModelState): readonly string[] {
  const names = new Set<string>();
  for (const { densities } of model.nodes.values()) for (const density of densities) names.add(density.layer);
  return [...names];
}

/** The kernel to look at first: most of the model's weights are in it. */
export function largestKernel(model: ModelState): string | undefined {
  const densities = [...model.nodes.values()].flatMap((result) => result.densities);
  return densities.toSorted((a, b) => b.elements - a.elements)[0]?.layer;
}

/** Weights' axes span the widest node of the path; the integer axis is always that of int8. */
export function densityPanels(model: ModelState, node: string, layer: string): readonly DensityPanel[] {
  const found = pathTo(model, node).flatMap((result) => {
    const plot = result.densities.find((density) => density.layer === layer);
    return plot === undefined ? [] : [{ node: result.node.id, title: result.node.title, plot }];
  });
  const weightPlots = found.filter(({ plot }) => plot.axis === 'weight').map(({ plot }) => plot);
  const weightAxis = {
    minimum: Math.min(...weightPlots.map((plot) => plot.minimum)),
    maximum: Math.max(...weightPlots.map((plot) => plot.maximum)),
  };
  return found.map(({ node: id, title, plot }) => ({
    node: id,
    title,
    axis: plot.axis,
    zeros: plot.zeros,
    elements: plot.elements,
    ...(plot.axis === 'weight' ? weightAxis : { minimum: -128, maximum: 127 }),
    points: binPoints(plot),
    greatest: greatestShare(plot),
  }));
}

/** A kernel by itself, as a file has it. */
export function densityOf(plot: DensityPlot): DensityPanel {
  const { axis, zeros, elements, layer } = plot;
  const limits = axis === 'integer' ? { minimum: -128, maximum: 127 } : { minimum: plot.minimum, maximum: plot.maximum };
  return { node: '', title: layer, axis, zeros, elements, ...limits, points: binPoints(plot), greatest: greatestShare(plot) };
}

function binPoints(plot: DensityPlot): DensityPanel['points'] {
  const width = (plot.maximum - plot.minimum) / plot.counts.length;
  const total = Math.max(1, plot.elements);
  return plot.counts.map((count, index) => ({ x: plot.minimum + (index + 0.5) * width, y: count / total }));
}

/** So that the shoulders can be seen beside the spike that pruning leaves at zero, which is cut. */
const spikeOverShoulders = 2;

function greatestShare(plot: DensityPlot): number {
  const [highest = 0, second = 0] = plot.counts.toSorted((a, b) => b - a);
  const drawn = second === 0 ? highest : Math.min(highest, second * spikeOverShoulders);
  return drawn / Math.max(1, plot.elements);
}
