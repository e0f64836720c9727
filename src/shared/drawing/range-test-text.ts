import type { RangeTest } from '../results.ts';
import type { ModelState } from '../run-state.ts';
import type { Translate } from './translate.ts';

/** What a range test chose, and what it took. */
export function rangeTestText({ learningRate, steps }: RangeTest, translate: Translate): string {
  return translate('learning rate {0} by a range test of {1} steps', Number(learningRate.toPrecision(3)), steps);
}

/** Of every node whose learning rate was tested, with its title. */
export function rangeTestTexts({ nodes }: ModelState, translate: Translate): readonly string[] {
  return [...nodes.values()].flatMap(({ node, metrics }) =>
    metrics?.rangeTest === undefined ? [] : [`${node.title}: ${rangeTestText(metrics.rangeTest, translate)}`],
  );
}
