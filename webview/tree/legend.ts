/** What colours, stripes and icons of the tree mean. */
import { techniqueRow } from '../../src/shared/techniques.ts';
import { flattenTree, type TreeNode } from '../../src/shared/tree.ts';
import { element } from '../dom.ts';
import { translate } from '../page-data.ts';
import { iconKind, techniqueIcon, type IconKind } from './technique-icons.ts';

/** For the techniques that the tree has. */
export function treeLegend(tree: TreeNode): readonly HTMLElement[] {
  const kinds = new Set(flattenTree(tree).map(({ node }) => iconKind(node.technique)));
  const swatch = (kind: string, text: string): HTMLElement =>
    element('li', {}, element('span', { class: `swatch ${kind}`, 'aria-hidden': 'true' }), text);
  const states = [
    swatch('waiting', translate('waiting')),
    swatch('running', translate('running')),
    swatch('done', translate('done')),
    swatch('failed', translate('failed')),
    swatch('skipped', translate('skipped, not run')),
  ];
  const stripes = [
    swatch('stripe fine-tuned', translate('fine-tuned')),
    swatch('stripe collaborative', translate('collaborative: keeps what its parent achieved')),
  ];
  const icons = [...kinds].map((kind) => element('li', {}, techniqueIcon(kind), iconName(kind)));
  return [
    ...states,
    ...stripes,
    ...icons,
    element('li', {}, element('span', { class: 'star', 'aria-hidden': 'true' }, '★ '), translate('recommended file')),
    swatch('size', translate('compressed size, of the trained model’s')),
  ];
}

function iconName(kind: IconKind): string {
  switch (kind) {
    case 'model':
      return translate('trained model');
    case 'fine-tuning':
      return translate(techniqueRow('fine-tuning').title);
    case 'sparsity':
      return translate(techniqueRow('pruning').title);
    case 'codebook':
      return translate(techniqueRow('clustering').title);
    case 'integerGrid':
      return translate('quantization: a .tflite to deploy');
  }
}
