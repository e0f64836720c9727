/** Small pictures of what a technique adds to a model, drawn in the colour of the text. */
import { techniqueRow, type ConstraintKind } from '../../src/shared/techniques.ts';
import type { NodeTechnique } from '../../src/shared/tree.ts';
import { svg } from '../dom.ts';

/** What a node's icon shows. */
export type IconKind = 'model' | 'fine-tuning' | ConstraintKind;

/** On a grid of 16 × 16. */
const shapes: Readonly<Record<IconKind, string>> = {
  // Two layers of a network, joined.
  model: 'M3 3.5h2v2H3zM3 10.5h2v2H3zM11 7h2v2h-2zM5 4.5l6 3M5 11.5l6-3',
  // A dial that is turned.
  'fine-tuning': 'M3 5h6M12 5h1M9 3.5v3h3v-3zM3 11h1M7 11h6M4 9.5v3h3v-3z',
  // A grid with holes.
  sparsity: 'M2.5 2.5h3v3h-3zM10.5 2.5h3v3h-3zM6.5 6.5h3v3h-3zM2.5 10.5h3v3h-3z',
  // Values around few centres.
  codebook: 'M5 3.2v3.6M3.2 5h3.6M11 9.2v3.6M9.2 11h3.6M2.5 8.5h.01M7.5 3h.01M12.5 7.5h.01M7 12.5h.01',
  // A staircase of integers.
  integerGrid: 'M2 13h3v-3.5h3V6h3V2.5h3',
};

export function iconKind(technique: NodeTechnique): IconKind {
  return technique === 'baseline' ? 'model' : (techniqueRow(technique).adds ?? 'fine-tuning');
}

export function techniqueIcon(kind: IconKind): SVGElement {
  return svg('svg', { class: 'icon', viewBox: '0 0 16 16', 'aria-hidden': 'true' }, svg('path', { d: shapes[kind] }));
}
