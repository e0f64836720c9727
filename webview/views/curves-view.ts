import { formatPercent, formatSeconds } from '../../src/shared/drawing/format.ts';
import { thin } from '../../src/shared/drawing/thin.ts';
import { nodeTitle } from '../../src/shared/drawing/technique-names.ts';
import { chooser } from '../controls.ts';
import { element, section, setText } from '../dom.ts';
import { translate } from '../page-data.ts';
import { chosenModel } from '../panel-state.ts';
import type { PanelActions, View } from '../panel-state.ts';
import { createPlot } from '../plots.ts';
import { seriesColours } from '../theme.ts';

/** A plot is hardly wider than this many points apart. */
const mostPoints = 250;

/** Loss or accuracy of every fine-tuned node against its steps, growing as they train. */
export function curvesView(actions: PanelActions): View {
  const quantity = chooser('curve', translate('Quantity'), (value) =>
    actions.change({ curve: value === 'accuracy' ? 'accuracy' : 'loss' }),
  );
  const plot = createPlot('large');
  const speed = element('p', { class: 'quiet' });
  let previous: readonly unknown[] = [];
  return {
    element: section('curves', translate('Training curves'), quantity.element, plot.element, speed),
    update(state) {
      const model = chosenModel(state);
      if (model === undefined) return;
      quantity.update(
        [
          { value: 'loss', label: translate('loss') },
          { value: 'accuracy', label: translate('accuracy') },
        ],
        state.curve,
      );
      const trained = [...model.nodes.values()].filter((node) => node.curve.length > 0);
      const training = trained.find((node) => node.training !== undefined)?.training;
      setText(
        speed,
        training === undefined
          ? ''
          : translate(
              'step {0} of {1} · {2} examples a second · {3} left',
              training.step,
              training.steps,
              Math.round(training.examplesPerSecond),
              formatSeconds(training.secondsLeft),
            ),
      );
      const current = [state.curve, ...trained.map((node) => node.curve)];
      if (current.length === previous.length && current.every((value, index) => value === previous[index])) return;
      previous = current;
      plot.update({
        series: trained.map((node, index) => ({
          label: nodeTitle(node.node.title, translate),
          // When the theme's colours are used up, they come again with dashes.
          style: index < seriesColours ? 'line' : 'dashed',
          colour: index,
          points: thin(node.curve, mostPoints).flatMap((point) => {
            const y = state.curve === 'loss' ? point.loss : point.accuracy;
            return y === undefined ? [] : [{ x: point.step, y }];
          }),
        })),
        x: { title: translate('step'), minimum: 0 },
        y:
          state.curve === 'loss'
            ? { title: translate('loss'), minimum: 0 }
            : { title: translate('accuracy'), maximum: 1, format: (value) => formatPercent(value, 0) },
        legend: true,
        description: trained
          .map((node) =>
            translate(
              '{0}: loss {1} after {2} steps',
              nodeTitle(node.node.title, translate),
              (node.curve.at(-1)?.loss ?? 0).toFixed(4),
              node.curve.at(-1)?.step ?? 0,
            ),
          )
          .join('; '),
      });
    },
  };
}
