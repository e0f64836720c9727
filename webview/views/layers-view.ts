import { formatPercent } from '../../src/shared/drawing/format.ts';
import { translateCheck } from '../../src/shared/drawing/certificate-text.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { button } from '../controls.ts';
import { element, section, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenNode } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import type { NodeResult } from '../../src/shared/run-state.ts';

/** The chosen node in detail: every kernel, and every check of the certificate. */
export function layersView(actions: PanelActions): View {
  let node: NodeResult | undefined;
  const name = element('p');
  const open = button(translate('Open .tflite'), () => actions.act('open-tflite', node));
  const reveal = button(translate('Reveal .tflite'), () => actions.act('reveal-tflite', node));
  const kernels = element('tbody');
  const checks = element('tbody');
  const buttons = element('div', { class: 'buttons' }, open, reveal);
  const certificate = element(
    'div',
    {},
    element('h3', {}, translate('Certificate')),
    table([translate('Layer'), translate('Property'), translate('Expected'), translate('Found'), ''], checks, translate('Certificate')),
  );
  let previous: unknown;
  return {
    element: section(
      'layers',
      translate('Layers'),
      name,
      buttons,
      table(
        [
          translate('Layer'),
          translate('Operation'),
          translate('Shape'),
          translate('Weights'),
          translate('Sparsity'),
          translate('Unique values'),
        ],
        kernels,
        translate('Layers'),
      ),
      certificate,
    ),
    update(state) {
      node = chosenNode(state);
      setText(
        name,
        node === undefined
          ? ''
          : `${nodeTitle(node.node.title, translate)}${node.state.kind === 'failed' ? `: ${node.state.message}` : node.state.kind === 'skipped' ? `: ${node.state.reason}` : ''}`,
      );
      buttons.hidden = node?.tflite === undefined;
      if (node?.metrics === previous && previous !== undefined) return;
      previous = node?.metrics;
      kernels.replaceChildren(
        ...(node?.metrics?.weights ?? []).map((kernel) =>
          row(
            kernel.layer,
            kernel.operation,
            kernel.shape.join(' × '),
            String(kernel.elements),
            formatPercent(kernel.elements === 0 ? 0 : kernel.zeros / kernel.elements, 1),
            `${kernel.uniqueValues} (${kernel.uniqueValuesPerChannel})`,
          ),
        ),
      );
      const verdict = node?.metrics?.certificate;
      certificate.hidden = verdict === undefined;
      checks.replaceChildren(
        ...(verdict?.checks ?? []).map((written) => {
          const check = translateCheck(written, translate);
          return row(
            check.layer,
            check.property,
            check.expected,
            check.found,
            check.passed ? `✓ ${translate('passed')}` : `✗ ${translate('failed')}`,
          );
        }),
      );
    },
  };
}

function table(headings: readonly string[], body: HTMLElement, label: string): HTMLElement {
  const head = element('tr', {}, ...headings.map((heading) => (heading === '' ? element('td') : element('th', { scope: 'col' }, heading))));
  return element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': label },
    element('table', {}, element('thead', {}, head), body),
  );
}

function row(first: string, ...others: readonly string[]): HTMLElement {
  return element('tr', {}, element('th', { scope: 'row' }, first), ...others.map((text) => element('td', {}, text)));
}
