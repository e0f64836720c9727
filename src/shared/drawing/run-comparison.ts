/** Two runs side by side, node by node. */
import { measureRow, shownAccuracy, sizeMeasure } from '../measures.ts';
import type { NodeResult, RunState } from '../run-state.ts';
import { formatBytes, formatChange, formatPercent } from './format.ts';
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
    const ids = new Set(nodes.flatMap((results) => [...results.keys()]));
    lines.push(
      `## ${model}`,
      '',
      row([
        translate('Model'),
        ...runs.flatMap((run) => [`${run.name}: ${translate('top-1')}`, translate(measureRow(sizeMeasure).title)]),
        translate('Change in points'),
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
          ...results.flatMap((result) => [formatPercent(accuracyOf(result)), formatBytes(bytesOf(result))]),
          formatChange(difference(results.map(accuracyOf))),
          signed(difference(results.map(bytesOf))),
        ]),
      );
    }
    lines.push('');
  }
  return lines.join('\n');
}

function row(cells: readonly string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function accuracyOf(result: NodeResult | undefined): number | undefined {
  return shownAccuracy(result?.metrics);
}

function bytesOf(result: NodeResult | undefined): number | undefined {
  return result?.metrics && measureRow(sizeMeasure).value(result.metrics);
}

function difference(values: readonly (number | undefined)[]): number | undefined {
  const first = values[0];
  const last = values.at(-1);
  return first === undefined || last === undefined ? undefined : last - first;
}

function signed(bytes: number | undefined): string {
  if (bytes === undefined) return formatBytes(undefined);
  return `${bytes < 0 ? '−' : '+'}${formatBytes(Math.abs(bytes))}`;
}
