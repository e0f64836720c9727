import type { Technique } from '../tree.ts';
import type { Translate } from './translate.ts';

/** The technique as it labels an edge of the deployment tree. */
export function techniqueName(technique: Technique, translate: Translate): string {
  switch (technique) {
    case 'baseline':
      return translate('baseline');
    case 'fine-tuning':
      return translate('fine-tuning');
    case 'pruning':
      return translate('pruning');
    case 'clustering':
      return translate('clustering');
    case 'sparsity-preserving-clustering':
      return translate('sparsity-preserving clustering');
    case 'ptq':
      return translate('post-training quantization');
    case 'qat':
      return translate('QAT');
    case 'pqat':
      return translate('PQAT');
    case 'cqat':
      return translate('CQAT');
    case 'pcqat':
      return translate('PCQAT');
  }
}
