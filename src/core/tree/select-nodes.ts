import { EspalierError } from '../errors.ts';
import { closest } from '../closest.ts';
import { flattenTree } from '../../shared/tree.ts';
import type { TreeNode } from '../../shared/tree.ts';

/** Where the names come from: the recipe, or the request for this run. */
export type NamedBy = 'recipe' | 'request';

/** What to write instead of a name that no node has. */
export function nodeAdvice(name: string, known: readonly string[]): string {
  const [best] = closest(name, known);
  return `${best === undefined ? '' : `did you mean "${best}"? `}use any of ${known.join(', ')}`;
}

/**
 * The tree cut down to the named nodes and those that they come from.
 *
 * @throws EspalierError for a name that no node has: `invalid-recipe` where the recipe names it, else `invalid-argument`
 */
export function selectNodes(tree: TreeNode, names: readonly string[], namedBy: NamedBy = 'recipe'): TreeNode {
  const known = flattenTree(tree).map(({ node }) => node.id);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new EspalierError(namedBy === 'recipe' ? 'invalid-recipe' : 'invalid-argument', `there is no node "${unknown}"`, {
      where: 'nodes',
      fix: nodeAdvice(unknown, known),
    });
  }
  const wanted = new Set(names);
  const keep = (node: TreeNode): readonly TreeNode[] => {
    const children = node.children.flatMap(keep);
    return wanted.has(node.id) || children.length > 0 ? [{ ...node, children }] : [];
  };
  return { ...tree, children: tree.children.flatMap(keep) };
}
