import { techniqueRow } from '../techniques.ts';
import type { NodeTechnique } from '../tree.ts';
import type { Translate } from './translate.ts';

/** The technique as it labels an edge of the deployment tree. */
export function techniqueName(technique: NodeTechnique, translate: Translate): string {
  return technique === 'baseline' ? translate('baseline') : translate(techniqueRow(technique).title);
}
