/** The certificate of each leaf: what was expected, and what its file contains. */
import type { ModelState } from '../../../shared/run-state.ts';
import { element, table, text } from './markup.ts';

export function certificates(model: ModelState): string {
  const certified = [...model.nodes.values()].flatMap(({ node, metrics }) =>
    metrics?.certificate === undefined ? [] : [{ node, certificate: metrics.certificate }],
  );
  if (certified.length === 0) return element('p', {}, 'No file has been certified.');
  const intro = element('p', {}, 'Every check reads the numbers stored in the .tflite alone, never the state of training.');
  return (
    intro +
    certified
      .map(({ node, certificate }) => {
        const failed = certificate.checks.filter((check) => !check.passed).length;
        const verdict = certificate.passed
          ? `✓ passed, ${certificate.checks.length} checks`
          : `✗ ${failed} of ${certificate.checks.length} checks failed`;
        return element(
          'details',
          { open: certificate.passed ? undefined : 'open' },
          element(
            'summary',
            {},
            text(`${node.title}: `),
            element('span', { class: certificate.passed ? 'passed' : 'failed' }, text(verdict)),
          ),
          table(
            `Certificate of ${node.title}`,
            [{ title: 'Layer' }, { title: 'Property' }, { title: 'Expected' }, { title: 'Found' }, { title: 'Verdict' }],
            certificate.checks.map((check) => [
              check.layer === '' ? 'whole file' : check.layer,
              check.property,
              check.expected,
              check.found,
              check.passed ? '✓ passed' : '✗ failed',
            ]),
          ),
        );
      })
      .join('')
  );
}
