import type { Recipe } from '../../shared/recipe/recipe.ts';
import type { ModelState, RunState } from '../../shared/run-state.ts';
import { outputTable } from '../../shared/drawing/output-table.ts';
import { escapeMarkdown, resultColumns, resultRows, toMarkdown } from '../../shared/drawing/result-table.ts';
import { measureIds, measureRow } from '../../shared/measures.ts';
import { shownTitle } from '../../shared/measure-figures.ts';
import { rangeTestTexts } from '../../shared/drawing/range-test-text.ts';
import { english } from '../../shared/drawing/translate.ts';
import { guideTable } from './guide-table.ts';
import { publishedColumns, publishedResults } from './published-results.ts';

/** The guide's table and every node, ready for a README or a pull request. */
export function markdownReport(state: RunState, recipe: Recipe): string {
  const parts = state.models.map((model) =>
    [
      `## ${escapeMarkdown(model.model)}`,
      '',
      ...guideLines(model),
      '',
      'Every node of the deployment tree:',
      '',
      toMarkdown(resultColumns(english, model), resultRows(model, english)).trim(),
      '',
      ...outputLines(model),
      ...references(model, recipe),
    ].join('\n'),
  );
  const closing = [...warningLines(state), ...provenance(state).map((line) => `- ${escapeMarkdown(line)}`)];
  return `${parts.join('\n')}\n${closing.join('\n')}\n`;
}

/** What changes the meaning of the figures above. */
function warningLines({ log }: RunState): readonly string[] {
  const shown = log.filter(({ level }) => level !== 'info');
  if (shown.length === 0) return [];
  const lines = shown.map(({ level, model, node, message }) => {
    const place = [model, node].filter((name) => name !== undefined).join(', ');
    return `- ${escapeMarkdown(`${level}${place === '' ? '' : `, ${place}`}: ${message}`)}`;
  });
  return ['Warnings and errors:', '', ...new Set(lines), '', 'How it was made:', ''];
}

function outputLines(model: ModelState): readonly string[] {
  const outputs = outputTable(model, english);
  if (outputs === undefined) return [];
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [
    'Every output:',
    '',
    line(outputs.titles),
    line(outputs.titles.map((_, index) => (index > 2 ? '---:' : '---'))),
    ...outputs.rows.map(line),
    '',
  ];
}

function guideLines(model: ModelState): readonly string[] {
  const { titles, rows } = guideTable(model);
  const line = (cells: readonly string[]): string => `| ${cells.map(escapeMarkdown).join(' | ')} |`;
  return [line(titles), line(titles.map((_, index) => (index === 0 ? '---' : '---:'))), ...rows.map(line)];
}

/** What made the compressed sizes. */
const compressors = measureIds
  .map(measureRow)
  .filter(({ savesOf }) => savesOf === 'raw')
  .map(({ by, implementation }) => (implementation === undefined ? by : `${by} (${implementation})`))
  .join(', ');

/** What a reader must know to trust or repeat the figures. */
export function provenance(state: RunState): readonly string[] {
  const metrics = state.models.flatMap((model) => [...model.nodes.values()]).find((node) => node.metrics?.deployed !== undefined)?.metrics;
  const samples = metrics?.deployed;
  return [
    ...(samples === undefined
      ? []
      : [
          `${shownTitle('accuracy', metrics)}: ${samples.samples} test examples in ${samples.runtime}; compressed: ${compressors} of the .tflite`,
        ]),
    ...state.models.flatMap((model) =>
      rangeTestTexts(model, english).map((line) => (state.models.length > 1 ? `${model.model}, ${line}` : line)),
    ),
    `Training engine: ${state.engine}`,
    `Machine: ${state.machine}`,
    `Espalier ${state.espalier}, run ${state.runId ?? ''}`,
    ...(state.reason === '' ? [] : [`Outcome: ${state.reason}`]),
  ];
}

function references(model: ModelState, recipe: Recipe): readonly string[] {
  const rows = publishedResults(model, recipe).map(({ node, cells }) => `| ${[node, ...cells].map(escapeMarkdown).join(' | ')} |`);
  if (rows.length === 0) return [];
  return [
    'Measured / published:',
    '',
    `| ${['Model', ...publishedColumns].join(' | ')} |`,
    `| ${['Model', ...publishedColumns].map(() => '---').join(' | ')} |`,
    ...rows,
    '',
  ];
}
