/** Published results from the recipe beside the measured ones. */
import { formatPercent, missing } from '../../shared/drawing/format.ts';
import type { Recipe } from '../../shared/recipe/recipe.ts';
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
    const sizes = metrics?.sizes;
    return [
      {
        node: result.node.title,
        cells: [
          pair(formatPercent(metrics?.simulated?.top1), formatPercent(published.simulatedTop1)),
          pair(formatPercent(metrics?.deployed?.top1), formatPercent(published.deployedTop1)),
          pair(bytes(sizes?.raw), bytes(published.rawBytes)),
          pair(bytes(sizes?.gzip), bytes(published.compressedBytes)),
          pair(saved(sizes?.raw, sizes?.gzip), saved(published.rawBytes, published.compressedBytes)),
        ],
        source: published.source ?? '',
      },
    ];
  });
}

function pair(measured: string, published: string): string {
  return `${measured} / ${published}`;
}

function bytes(count: number | undefined): string {
  return count === undefined ? missing : count.toLocaleString('en');
}

/** The part of the file that compression saves, as the guide gives it. */
function saved(raw: number | undefined, compressed: number | undefined): string {
  return formatPercent(raw === undefined || compressed === undefined ? undefined : 1 - compressed / raw);
}
