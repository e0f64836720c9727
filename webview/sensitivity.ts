/** The page of a model's sensitivity: which layer hurts, as a heat map of layers by choices. */
import { dials, singleChoices } from '../src/shared/layer-choices.ts';
import {
  choiceIn,
  choiceTitle,
  cycleFigure,
  divergenceText,
  figureText,
  heatEnds,
  heatOf,
  isSensitivityFigure,
  layerMatrix,
  sensitivityColumns,
  savedText,
  sensitivityCsv,
  sensitivityRows,
  type SensitivityColumn,
  type SensitivityFigure,
} from '../src/shared/drawing/sensitivity-table.ts';
import { formatBytes, formatCount } from '../src/shared/drawing/format.ts';
import { ariaSort, nextOrder, type Order } from '../src/shared/drawing/sorting.ts';
import { MessageHandler, type Message } from '../src/shared/message-handler.ts';
import {
  byteCounts,
  byteCountTitles,
  type ChoiceSensitivity,
  cycleCounts,
  cyclesSaved,
  type LayerSensitivity,
  type SensitivityReport,
} from '../src/shared/sensitivity.ts';
import type { SensitivityHost, SensitivityPage } from '../src/shared/sensitivity-protocol.ts';
import { chooser, copyButton, textField } from './controls.ts';
import { element, section, setAttribute, setText } from './dom.ts';
import './main.css';
import { translate } from './page-data.ts';

declare function acquireVsCodeApi(): { postMessage(message: Message): void };

const api = acquireVsCodeApi();
const host = new MessageHandler<SensitivityPage, SensitivityHost>((message) => api.postMessage(message), {});
const columns = sensitivityColumns(translate);
let report: SensitivityReport | undefined;
let figure: SensitivityFigure = 'divergence';
let filter = '';
let order: Order<string> | undefined;
let chosen: string | undefined;

const head = element('tr', {}, ...columns.map(heading));
const body = element('tbody');
const details = section('sensitivity-layer', '');
const figures = chooser('sensitivity-figure', translate('Cells show'), (value) => {
  figure = isSensitivityFigure(value) ? value : 'divergence';
  draw();
});

function heading(column: SensitivityColumn): HTMLElement {
  const sort = (): void => {
    // What hurts most, or takes most, first.
    order = nextOrder(order, column.key, column.numeric);
    draw();
  };
  return element(
    'th',
    { scope: 'col', class: column.numeric ? 'number' : undefined, 'data-column': column.key },
    element('button', { type: 'button', onclick: sort }, column.title),
  );
}

function draw(): void {
  if (report === undefined) return;
  const { layers, targets } = report;
  for (const cell of head.children) setAttribute(cell, 'aria-sort', ariaSort(order, cell.getAttribute('data-column') ?? undefined));
  figures.update(
    [
      { value: 'divergence', label: translate('change of the output') },
      ...byteCounts.map((count) => ({ value: count, label: translate('bytes, {0}', byteCountTitles[count]) })),
      ...cycleCounts.flatMap((count) => {
        const target = targets[count];
        return target === undefined ? [] : [{ value: cycleFigure(count), label: translate('cycles saved, {0} (estimate)', target) }];
      }),
    ],
    figure,
  );
  body.replaceChildren(...sensitivityRows(layers, columns, { figure, filter, order }).map(row));
  drawLayer(layers.find(({ layer }) => layer === chosen));
}

function row(layer: LayerSensitivity): HTMLElement {
  return element(
    'tr',
    { class: layer.layer === chosen ? 'chosen' : undefined },
    ...columns.map((column) => {
      const text = column.text(layer, figure);
      if (column.key === 'layer') {
        const show = (): void => {
          chosen = layer.layer;
          draw();
          details.scrollIntoView({ block: 'nearest' });
        };
        return element('th', { scope: 'row' }, element('button', { type: 'button', class: 'link', onclick: show }, text));
      }
      if (column.choice === undefined) return element('td', { class: column.numeric ? 'number' : undefined }, text);
      return heatCell(text, layer, choiceIn(layer, column.choice));
    }),
  );
}

/** Percent of the colour, so that the figures on it keep their contrast. */
const strongestHeat = 34;

/** Coloured by the change of the output, whatever it says. */
function heatCell(text: string, layer: LayerSensitivity, choice: ChoiceSensitivity | undefined): HTMLElement {
  const cell = element('td', { class: 'number heat', title: choice && describe(layer, choice) }, text);
  if (choice !== undefined) cell.style.setProperty('--heat', `${(heatOf(choice.divergence) * strongestHeat).toFixed(0)}%`);
  return cell;
}

function describe(layer: LayerSensitivity, choice: ChoiceSensitivity): string {
  const bytes = byteCounts.map((count) => `${byteCountTitles[count]} ${formatBytes(Math.round(choice.bytes[count]))}`);
  const cycles = cycleCounts.flatMap((count) => {
    const [saved, target] = [cyclesSaved(layer, choice, count), report?.targets[count]];
    return saved === undefined || target === undefined ? [] : [`${translate('cycles saved, {0} (estimate)', target)}: ${savedText(saved)}`];
  });
  return [`${choiceTitle(choice, translate)}: ${divergenceText(choice)}`, ...bytes, ...cycles].join('\n');
}

/** Zeros and values of one layer together, with the figure that the cells show. */
function drawLayer(layer: LayerSensitivity | undefined): void {
  details.hidden = layer === undefined;
  if (layer === undefined) return;
  const title = details.querySelector('h2');
  if (title !== null) setText(title, translate('Zeros and values of {0}', layer.layer));
  const { shape, elements, macs, fitted } = layer;
  const facts = [
    `${layer.operation} ${shape.join(' × ')}`,
    translate('{0} weights', formatCount(elements)),
    translate('{0} multiply-accumulates', formatCount(macs)),
    ...cycleCounts.flatMap((count) => {
      const [cycles, target] = [layer.choices[0]?.cycles[count], report?.targets[count]];
      return cycles === undefined || target === undefined
        ? []
        : [translate('≈ {0} cycles on {1}', formatCount(Math.round(cycles)), target)];
    }),
    ...(fitted ? [] : [translate('not fitted to its inputs: the weights alone decide')]),
  ];
  const names = dials.clusters.levels.map((clusters) => (clusters === 0 ? translate('any values') : translate('{0} values', clusters)));
  const table = element(
    'div',
    { class: 'scroll', tabindex: 0, role: 'group', 'aria-label': translate('Zeros and values of {0}', layer.layer) },
    element(
      'table',
      { class: 'heat-map' },
      element(
        'thead',
        {},
        element(
          'tr',
          {},
          element('td'),
          ...dials.sparsity.levels.map((level) =>
            element('th', { scope: 'col', class: 'number' }, translate('{0}% zeros', Math.round(level * 100))),
          ),
        ),
      ),
      element(
        'tbody',
        {},
        ...layerMatrix(layer).map((cells, index) =>
          element(
            'tr',
            {},
            element('th', { scope: 'row' }, names[index] ?? ''),
            ...cells.map((choice) => heatCell(figureText(layer, choice, figure), layer, choice)),
          ),
        ),
      ),
    ),
  );
  details.replaceChildren(...(title === null ? [] : [title]), element('p', { class: 'quiet' }, facts.join(' · ')), table);
}

function scale(): HTMLElement {
  const [least, most] = heatEnds;
  return element(
    'p',
    { class: 'quiet heat-scale' },
    translate('harmless'),
    element('span', { class: 'gradient', 'aria-hidden': 'true' }),
    translate('ruinous'),
    ` (${least} … ${most})`,
  );
}

window.addEventListener('message', (event) => host.receive(event.data));
void host.request('ready', {}).then((found) => {
  report = found;
  const { model, divergence, examples, engine, overhead, layers, warnings } = found;
  const [name = model] = model.split(/[\\/]/).slice(-1);
  const isEstimated = layers.some(({ choices }) => choices.some(({ measured }) => !measured));
  const isPartial = layers.some((layer) => singleChoices.some((choice) => choiceIn(layer, choice) === undefined));
  const announcement = element('p', { class: 'announcement', role: 'status', 'aria-live': 'polite' });
  const copy = async (): Promise<void> => {
    await host.request('copy', { text: sensitivityCsv(layers) });
    announcement.textContent = translate('Copied.');
  };
  document.getElementById('loading')?.remove();
  document.body.append(
    element(
      'main',
      {},
      element('h1', {}, translate('Which layer hurts: {0}', name)),
      element('p', { class: 'summary' }, translate('How far the output moves when one layer alone is changed, before any training.')),
      element(
        'p',
        { class: 'quiet' },
        [
          divergence,
          translate('{0} training examples', formatCount(examples)),
          engine,
          translate('besides kernels the int8 file takes {0} compressed', formatBytes(Math.round(overhead.gzip))),
        ].join(' · '),
      ),
      ...warnings.map((warning) => element('p', { class: 'notice' }, warning)),
      element(
        'div',
        { class: 'fields' },
        figures.element,
        textField(translate('Filter'), '', (text) => {
          filter = text;
          draw();
        }),
        copyButton(translate('Copy as CSV'), translate('Copied'), copy),
        scale(),
      ),
      element(
        'div',
        { class: 'scroll', id: 'sensitivity', tabindex: 0, role: 'group', 'aria-label': translate('Layers') },
        element('table', { class: 'heat-map' }, element('thead', {}, head), body),
      ),
      ...(isPartial ? [element('p', { class: 'quiet' }, translate('– not a choice for this layer'))] : []),
      ...(isEstimated ? [element('p', { class: 'quiet' }, translate('~ an estimate, from the error of the layer’s outputs'))] : []),
      details,
    ),
    announcement,
  );
  draw();
});
