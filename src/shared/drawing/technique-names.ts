import { techniqueRow } from '../techniques.ts';
import type { NodeTechnique, TreeNode } from '../tree.ts';
import { titleSeparator } from '../tree.ts';
import type { Translate } from './translate.ts';

/** The technique as it labels an edge of the deployment tree. */
export function techniqueName(technique: NodeTechnique, translate: Translate): string {
  return technique === 'baseline' ? translate('baseline') : translate(techniqueRow(technique).title);
}

/** The title of a node in the reader's language; names of variants stay as they are: `剪枝模型 · 50%`. */
export function nodeTitle(title: string, translate: Translate): string {
  const [base = '', ...variants] = title.split(titleSeparator);
  return [translate(base), ...variants].join(titleSeparator);
}

/**
 * The title of a node where its place in a tree shows what it comes from: `PCQAT` for `QAT pruned, clustered model`,
 * `Pruned` for `Pruned model`, with the variants that it comes from: `PCQAT · 50% · 16`. Controls have their whole title, which says what they are for.
 */
export function shortTitle({ id, technique, title }: Pick<TreeNode, 'id' | 'technique' | 'title'>, translate: Translate): string {
  if (technique === 'baseline') return nodeTitle(title, translate);
  const row = techniqueRow(technique);
  const ownName = id.slice(id.lastIndexOf('/') + 1);
  const isControl = row.adds === undefined || (ownName !== row.node && !ownName.startsWith(`${row.node}-`));
  if (isControl) return nodeTitle(title, translate);
  const [, ...variants] = title.split(titleSeparator);
  const isAbbreviated = row.precision === 'int8' && row.trains;
  const name = isAbbreviated ? translate(row.title) : translate(row.adjective);
  return [name, ...variants].join(titleSeparator);
}

/** What a node is, in words for screen readers: technique, precision, and what is special about it. */
export function nodeTraits(node: TreeNode, translate: Translate): readonly string[] {
  return [
    ...(node.technique === 'baseline' ? [] : [techniqueName(node.technique, translate)]),
    node.precision,
    ...(node.fineTuned ? [translate('fine-tuned')] : []),
    ...(node.collaborative ? [translate('collaborative')] : []),
    ...(node.leaf ? [translate('ready to deploy')] : []),
  ];
}
