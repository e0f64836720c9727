/** What colours, stripes and icons of the tree mean. */
import { formatCount } from '../../src/shared/drawing/format.ts';
import type { ModelState } from '../../src/shared/run-state.ts';
import { techniqueRow } from '../../src/shared/techniques.ts';
import { flattenTree } from '../../src/shared/tree.ts';
import { element } from '../dom.ts';
import { translate } from '../page-data.ts';
import { iconKind, techniqueIcon, type IconKind } from './technique-icons.ts';

/** For the techniques that the tree has. */
export function treeLegend({ tree, budgets }: Pick<ModelState, 'tree' | 'budgets'>): readonly HTMLElement[] {
  const nodes = flattenTree(tree).map(({ node }) => node);
  const kinds = new Set(nodes.map(({ technique }) => iconKind(technique)));
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
    ...(nodes.some(({ fineTuned, collaborative }) => fineTuned && !collaborative)
      ? [swatch('stripe fine-tuned', translate('fine-tuned'))]
      : []),
    ...(nodes.some(({ collaborative }) => collaborative)
      ? [swatch('stripe collaborative', translate('collaborative: keeps what its parent achieved'))]
      : []),
  ];
  const candidate = budgets === undefined ? undefined : nodes.flatMap(({ title }) => candidateName.exec(title) ?? [])[0];
  const icons = [...kinds].map((kind) => element('li', {}, techniqueIcon(kind), iconName(kind)));
  return [
    ...states,
    ...stripes,
    ...icons,
    element('li', {}, element('span', { class: 'star', 'aria-hidden': 'true' }, '★ '), translate('recommended file')),
    swatch('size', translate('compressed size, of the trained model’s')),
    ...(candidate === undefined ? [] : [element('li', {}, explainCandidate(candidate))]),
  ];
}

/** As a search names the variants of its candidates: budget, settings, training steps. */
const candidateName = /\b(\d+)([a-z])-(\d+)\b/;

function explainCandidate(name: string): string {
  const [, budget = '', settings = '', steps = ''] = candidateName.exec(name) ?? [];
  return translate('{0}: candidate “{1}” for budget {2}, {3} training steps', name, settings, budget, formatCount(Number(steps)));
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
