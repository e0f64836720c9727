import type { Recipe } from '../../shared/recipe.ts';
import type { ModelState, RunState } from '../../shared/run-state.ts';
import { formatPercent } from '../../shared/drawing/format.ts';
import { resultColumns, resultRows, toMarkdown } from '../../shared/drawing/result-table.ts';
import { english } from '../../shared/drawing/translate.ts';

/** The guide's table layout, ready for a README or a pull request. */
export function markdownReport(state: RunState, recipe: Recipe): string {
  const parts = state.models.map((model) =>
    [`## ${model.model}`, '', toMarkdown(resultColumns(english), resultRows(model, english)).trim(), '', ...references(model, recipe)].join(
      '\n',
    ),
  );
  return `${parts.join('\n')}\n${provenance(state)
    .map((line) => `- ${line}`)
    .join('\n')}\n`;
}

/** What a reader must know to trust or repeat the figures. */
export function provenance(state: RunState): readonly string[] {
  const samples = state.models.flatMap((model) => [...model.nodes.values()]).flatMap(({ metrics }) => metrics?.deployed ?? [])[0];
  return [
    ...(samples === undefined
      ? []
      : [`INT8 top-1: ${samples.samples} test examples in ${samples.runtime}; compressed: gzip -9 of the .tflite`]),
    `Training engine: ${state.engine}`,
    `Machine: ${state.machine}`,
    `Espalier ${state.espalier}, run ${state.runId ?? ''}`,
    ...(state.reason === '' ? [] : [`Outcome: ${state.reason}`]),
  ];
}

function references(model: ModelState, recipe: Recipe): readonly string[] {
  const rows = Object.entries(recipe.reference ?? {}).flatMap(([node, published]) => {
    const measured = model.nodes.get(node)?.metrics;
    if (measured === undefined) return [];
    const pair = (own: string, other: string): string => `${own} / ${other}`;
    const cells = [
      node,
      pair(formatPercent(measured.simulated?.top1), formatPercent(published.simulatedTop1)),
      pair(formatPercent(measured.deployed?.top1), formatPercent(published.deployedTop1)),
      pair(String(measured.sizes?.raw ?? ''), String(published.rawBytes ?? '')),
      pair(String(measured.sizes?.gzip ?? ''), String(published.compressedBytes ?? '')),
    ];
    return [`| ${cells.join(' | ')} |`];
  });
  if (rows.length === 0) return [];
  return [
    'Measured / published:',
    '',
    '| Node | fp32 or fake-int8 | INT8 | Bytes | Compressed |',
    '| --- | --- | --- | --- | --- |',
    ...rows,
    '',
  ];
}
