/** Published results from the recipe beside the measured ones. */
import { formatPercent, missing } from '../../shared/drawing/format.ts';
import type { Recipe, ReferenceResult } from '../../shared/recipe/recipe.ts';
import type { NodeMetrics } from '../../shared/results.ts';
import type { ModelState } from '../../shared/run-state.ts';

export interface PublishedResult {
  /** Title of the node. */
  readonly node: string;
  /** In the order of `publishedColumns`: measured / published. */
  readonly cells: readonly string[];
  readonly source: string;
}

export const publishedColumns = ['fp32 / fake-int8 top-1', 'INT8 top-1', 'Bytes', 'Compressed', 'Saved by compression'] as const;

/** One row for each node with a published result. */
export function publishedResults(model: ModelState, recipe: Recipe): readonly PublishedResult[] {
  return Object.entries(recipe.reference ?? {}).flatMap(([id, published]): PublishedResult[] => {
    const result = model.nodes.get(id);
    if (result === undefined) return [];
    const { metrics } = result;
    return [
      {
        node: result.node.title,
        cells: publishedCells((figure) => (metrics === undefined ? undefined : figure(metrics)), published),
        source: published.source ?? '',
      },
    ];
  });
}

/**
 * In the order of `publishedColumns`: measured / published.
 *
 * @param measured a figure of the node, by what reads it from its metrics: of one run, or a mean
 */
export function publishedCells(
  measured: (figure: (metrics: NodeMetrics) => number | undefined) => number | undefined,
  published: ReferenceResult,
): readonly string[] {
  const raw = measured(({ sizes }) => sizes?.raw);
  const gzip = measured(({ sizes }) => sizes?.gzip);
  return [
    pair(formatPercent(measured(({ simulated }) => simulated?.top1)), formatPercent(published.simulatedTop1)),
    pair(formatPercent(measured(({ deployed }) => deployed?.top1)), formatPercent(published.deployedTop1)),
    pair(bytes(raw), bytes(published.rawBytes)),
    pair(bytes(gzip), bytes(published.compressedBytes)),
    pair(saved(raw, gzip), saved(published.rawBytes, published.compressedBytes)),
  ];
}

function pair(measured: string, published: string): string {
  return `${measured} / ${published}`;
}

function bytes(count: number | undefined): string {
  return count === undefined ? missing : Math.round(count).toLocaleString('en');
}

/** The part of the file that compression saves, as the guide gives it. */
function saved(raw: number | undefined, compressed: number | undefined): string {
  return formatPercent(raw === undefined || compressed === undefined ? undefined : 1 - compressed / raw);
}
