import { techniqueRow } from '../techniques.ts';
import type { NodeTechnique, TreeNode } from '../tree.ts';
import type { Translate } from './translate.ts';

/** The technique as it labels an edge of the deployment tree. */
export function techniqueName(technique: NodeTechnique, translate: Translate): string {
  return technique === 'baseline' ? translate('baseline') : translate(techniqueRow(technique).title);
}

/**
 * The title of a node where its place in a tree shows what it comes from: `PCQAT` for `QAT pruned, clustered model`,
 * `Clustered model · 16` for the variant of that name. Controls have their whole title, which says what they are for.
 */
export function shortTitle({ id, technique, title }: Pick<TreeNode, 'id' | 'technique' | 'title'>, translate: Translate): string {
  if (technique === 'baseline') return translate(title);
  const row = techniqueRow(technique);
  const ownName = id.slice(id.lastIndexOf('/') + 1);
  const isControl = row.adds === undefined || (ownName !== row.node && !ownName.startsWith(`${row.node}-`));
  if (isControl) return translate(title);
  const variant = ownName.slice(row.node.length + 1);
  const isAbbreviated = row.precision === 'int8' && row.trains;
  const name = isAbbreviated ? translate(row.title) : translate(`${row.adjective} model`);
  return variant === '' ? name : `${name} · ${variant}`;
}
