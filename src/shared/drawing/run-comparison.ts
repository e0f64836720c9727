/** Two runs side by side, node by node. */
import { measureRow, sizeMeasure } from '../measures.ts';
import { accuracyChange, qualityOf, qualityRow, shownAccuracy, shownQuality } from '../measure-figures.ts';
import type { RunState } from '../run-state.ts';
import type { NodeResult } from '../node-result.ts';
import { formatByteChange, formatBytes } from './format.ts';
import { escapeMarkdown } from './result-table.ts';
import type { Translate } from './translate.ts';

export interface NamedRun {
  readonly name: string;
  readonly state: RunState;
}

/** Markdown with a table for each model that all the runs have. Changes are of the last run against the first. */
export function compareRuns(runs: readonly NamedRun[], translate: Translate): string {
  const [first] = runs;
  const last = runs.at(-1);
  if (first === undefined || last === undefined) return '';
  const lines = [`# ${runs.map((run) => run.name).join(' ↔ ')}`, ''];
  for (const { model } of first.state.models) {
    const nodes = runs.map(
      (run) => run.state.models.find((candidate) => candidate.model === model)?.nodes ?? new Map<string, NodeResult>(),
    );
    const quality = qualityRow(nodes.flatMap((results) => [...results.values()]).find(({ metrics }) => metrics !== undefined)?.metrics);
    const ids = new Set(nodes.flatMap((results) => [...results.keys()]));
    lines.push(
      `## ${model}`,
      '',
      row([
        translate('Model'),
        ...runs.flatMap((run) => [`${run.name}: ${translate(quality.title)}`, translate(measureRow(sizeMeasure).title)]),
        quality.unit === 'fraction' ? translate('Change in points') : translate('Change'),
        translate('Change in bytes'),
      ]),
    );
    lines.push(row(['---', ...runs.flatMap(() => ['---:', '---:']), '---:', '---:']));
    for (const id of ids) {
      const results = nodes.map((all) => all.get(id));
      const title = results.find((result) => result !== undefined)?.node.title ?? id;
      lines.push(
        row([
          translate(title),
          ...results.flatMap((result) => [shownQuality(result?.metrics), formatBytes(bytesOf(result))]),
          accuracyChange(shownAccuracy(results[0]?.metrics), shownAccuracy(results.at(-1)?.metrics), qualityOf(results.at(-1)?.metrics)),
          formatByteChange(difference(results.map(bytesOf))),
        ]),
      );
    }
    lines.push('');
  }
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => escapeMarkdown(cell)).join(' | ')} |`;
}

function bytesOf(result: NodeResult | undefined): number | undefined {
  return result?.metrics && measureRow(sizeMeasure).value(result.metrics);
}

function difference(values: readonly (number | undefined)[]): number | undefined {
  const first = values[0];
  const last = values.at(-1);
  return first === undefined || last === undefined ? undefined : last - first;
}
