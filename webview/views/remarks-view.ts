import { failureOf } from '../../src/shared/drawing/run-failures.ts';
import { nodeWarnings } from '../../src/shared/drawing/node-figures.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { element, setHidden } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel, chosenNode } from '../panel-state.ts';
import type { View } from '../panel-state.ts';

interface Remark {
  readonly kind: 'error' | 'warning' | 'quiet';
  readonly text: string;
}

/** What changes the meaning of the chosen node's figures, or why it has none; hidden where there is nothing to say. */
export function remarksView(): View {
  const part = element('section', { id: 'remarks', 'aria-label': translate('Remarks'), hidden: true });
  let shown = '';
  return {
    element: part,
    update(state) {
      const model = chosenModel(state);
      const result = chosenNode(state);
      if (model === undefined || result === undefined) return;
      const failure = failureOf(result, translate);
      const remarks: readonly Remark[] = [
        ...(failure === undefined ? [] : [{ kind: 'error', text: failure.what } as const]),
        ...(result.state.kind === 'skipped' ? [{ kind: 'quiet', text: `${translate('skipped')}: ${result.state.reason}` } as const] : []),
        ...nodeWarnings(state.run, model.model, result).map((text): Remark => ({ kind: 'warning', text })),
      ];
      const title = nodeTitle(result.node.title, translate);
      const current = JSON.stringify([title, remarks]);
      if (current === shown) return;
      shown = current;
      setHidden(part, remarks.length === 0);
      part.replaceChildren(
        ...remarks.map(({ kind, text }) => element('p', { class: `banner ${kind}` }, element('strong', {}, `${title}: `), text)),
      );
    },
  };
}
