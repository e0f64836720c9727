/** A run as one self-contained HTML file: no network, no script. */
import { sizeMeasure } from '../../shared/measures.ts';
import { shownAccuracy, shownMeasure, shownQuality } from '../../shared/measure-figures.ts';
import { drawDeploymentTree } from '../../shared/drawing/deployment-tree.ts';
import { describeStatus, type NodeStatus } from '../../shared/drawing/node-status.ts';
import { formatSeconds } from '../../shared/drawing/format.ts';
import { rangeTestTexts } from '../../shared/drawing/range-test-text.ts';
import { outputTable } from '../../shared/drawing/output-table.ts';
import { resultColumns, resultRows } from '../../shared/drawing/result-table.ts';
import { english } from '../../shared/drawing/translate.ts';
import type { Recipe } from '../../shared/recipe/recipe.ts';
import type { ModelState, RunState } from '../../shared/run-state.ts';
import type { NodeResult } from '../../shared/node-result.ts';
import { guideTable } from './guide-table.ts';
import { certificates } from './html/certificates.ts';
import { curveFigures } from './html/curve-figures.ts';
import { densityFigures } from './html/density-figures.ts';
import { element, table, text } from './html/markup.ts';
import { publishedColumns, publishedResults } from './published-results.ts';
import { bestLeaf } from '../../shared/drawing/target-verdicts.ts';
import { hardwarePart } from './html/hardware-part.ts';
import { styleSheet } from './html/style-sheet.ts';
import { tradeOffFigure } from './html/trade-off-figure.ts';

const outcomes = { done: 'done', failed: 'failed', cancelled: 'cancelled', 'targets-missed': 'targets missed' } as const;
const indentation = '\u2003';

export function htmlReport(state: RunState, recipe: Recipe): string {
  // The folder of the recipe does not matter to other readers.
  const title = `Espalier: ${state.recipe.split(/[\\/]/).at(-1) ?? ''}`;
  const head = element(
    'head',
    {},
    '<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">',
    element('title', {}, text(title)),
    `<style>${styleSheet}</style>`,
  );
  const body = element(
    'body',
    {},
    element(
      'main',
      {},
      element('h1', {}, text(title)),
      summary(state),
      ...state.models.map((model) => modelSection(model, recipe)),
      section('Recipe', element('pre', { tabindex: 0 }, element('code', {}, text(JSON.stringify(recipe, undefined, 2))))),
      ...messages(state),
    ),
  );
  return `<!doctype html>\n${element('html', { lang: 'en' }, head, body)}\n`;
}

function summary(state: RunState): string {
  const { startedAt, finishedAt } = state;
  const facts: readonly (readonly [string, string])[] = [
    [
      'Outcome',
      state.outcome === undefined ? 'not finished' : `${outcomes[state.outcome]}${state.reason === '' ? '' : `: ${state.reason}`}`,
    ],
    ['Run', state.runId ?? ''],
    ['Started', startedAt === undefined ? '' : new Date(startedAt).toISOString()],
    ['Took', startedAt === undefined || finishedAt === undefined ? '' : formatSeconds((finishedAt - startedAt) / 1000)],
    ['Espalier', state.espalier],
    ['Training engine', state.engine],
    ['Runtime of INT8 figures', state.runtime],
    ['Machine', state.machine],
  ];
  return element(
    'dl',
    {},
    ...facts.filter(([, fact]) => fact !== '').flatMap(([name, fact]) => [element('dt', {}, text(name)), element('dd', {}, text(fact))]),
  );
}

function section(title: string, ...children: readonly string[]): string {
  return element('section', {}, element('h2', {}, text(title)), ...children);
}

function part(title: string, ...children: readonly string[]): string {
  return element('section', {}, element('h3', {}, text(title)), ...children);
}

function modelSection(model: ModelState, recipe: Recipe): string {
  return section(
    `Model ${model.model}`,
    part('Deployment tree', treeFigure(model)),
    part('Files to deploy', deploymentTable(model)),
    part('Every node', resultTable(model), notes(model)),
    ...outputSection(model),
    ...publishedSection(model, recipe),
    part('Accuracy and size', tradeOffFigure(model, recipe.targets ?? {})),
    ...hardwareSection(model, recipe),
    part('Density of the weights', densityFigures(model)),
    part('Training', curveFigures(model), ...rangeTestTexts(model, english).map((line) => element('p', {}, text(line)))),
    part('Certificates', certificates(model)),
  );
}

function outputSection(model: ModelState): readonly string[] {
  const outputs = outputTable(model, english);
  if (outputs === undefined) return [];
  const columns = outputs.titles.map((title, index) => ({ title, numeric: index > 2 }));
  return [part('Every output', table(`Outputs of ${model.model}`, columns, outputs.rows))];
}

function hardwareSection(model: ModelState, recipe: Recipe): readonly string[] {
  const leaf = bestLeaf(model, recipe.targets ?? {})?.leaf;
  if (leaf?.profile === undefined) return [];
  return [part('On a microcontroller', hardwarePart(leaf.node.title, leaf.profile))];
}

function treeFigure(model: ModelState): string {
  const statuses = new Map([...model.nodes].map(([id, result]) => [id, statusOf(result)] as const));
  const label = `Deployment tree of ${model.model}: ${[...model.nodes.values()].map(({ node }) => `${node.title}, ${describeStatus(statuses.get(node.id) ?? { state: { kind: 'waiting' }, result: undefined }, english)}`).join('; ')}`;
  const drawing = drawDeploymentTree({ tree: model.tree, statuses, label, interactive: false });
  return (
    element('div', { class: 'wide', tabindex: 0, role: 'region', 'aria-label': 'Deployment tree' }, drawing) +
    element(
      'p',
      {},
      'Green: fine-tuned. Red dashed border: collaborative, it keeps what the node before it reached. Marked corner: a .tflite to deploy.',
    )
  );
}

function statusOf({ state, metrics }: NodeResult): NodeStatus {
  const accuracy = shownAccuracy(metrics);
  const figures = [
    ...(accuracy === undefined ? [] : [shownQuality(metrics)]),
    ...(metrics?.sizes === undefined ? [] : [shownMeasure(sizeMeasure, metrics)]),
  ];
  return { state, result: figures.length === 0 ? undefined : figures.join(' · ') };
}

function deploymentTable(model: ModelState): string {
  const { titles, rows } = guideTable(model);
  return table(
    `Files to deploy of ${model.model}; in brackets the part of the file that compression saves`,
    titles.map((title, index) => (index === 0 ? { title: 'Measure' } : { title, numeric: true })),
    rows,
  );
}

function resultTable(model: ModelState): string {
  const columns = resultColumns(english, model);
  const rows = resultRows(model, english).map((row) =>
    columns.map(({ key }) => (key === 'model' ? indentation.repeat(row.level) : '') + row.cells[key].text),
  );
  return table(`Every node of ${model.model}`, columns, rows);
}

function publishedSection(model: ModelState, recipe: Recipe): readonly string[] {
  const results = publishedResults(model, recipe);
  if (results.length === 0) return [];
  const columns = [{ title: 'Model' }, ...publishedColumns.map((title) => ({ title, numeric: true })), { title: 'Source' }];
  const rows = results.map(({ node, cells, source }) => [node, ...cells, source]);
  return [part('Measured / published', table(`Measured and published results of ${model.model}`, columns, rows))];
}

/** Where the figures come from, named once instead of in every cell. */
function notes(model: ModelState): string {
  const results = [...model.nodes.values()];
  const deployed = results.flatMap(({ metrics }) => metrics?.deployed ?? [])[0];
  const latency = results.flatMap(({ metrics }) => metrics?.latency ?? [])[0];
  const lines = [
    ...(deployed === undefined
      ? []
      : [`INT8 top-1: ${deployed.samples} test examples through the bytes of the .tflite in ${deployed.runtime}.`]),
    ...(latency === undefined
      ? []
      : [`Latency: median of ${latency.runs} inferences in ${latency.runtime} on this machine, never a device’s.`]),
    ...results.flatMap(({ node, state }) =>
      state.kind === 'failed'
        ? [`${node.title} failed: ${state.message}`]
        : state.kind === 'skipped'
          ? [`${node.title} was skipped: ${state.reason}`]
          : [],
    ),
  ];
  return lines.length === 0 ? '' : element('ul', {}, ...lines.map((line) => element('li', {}, text(line))));
}

function messages(state: RunState): readonly string[] {
  const shown = state.log.filter(({ level }) => level !== 'info');
  if (shown.length === 0) return [];
  const rows = shown.map(({ level, model, node, message }) => [
    level,
    [model, node].filter((name) => name !== undefined).join(': '),
    message,
  ]);
  return [
    section(
      'Warnings and errors',
      table('Warnings and errors of the run', [{ title: 'Level' }, { title: 'Where' }, { title: 'Message' }], rows),
    ),
  ];
}
