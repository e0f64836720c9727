import type { RunState } from '../run-state.ts';
import { resultColumns, resultRows, toMarkdown } from './result-table.ts';
import { english } from './translate.ts';

/** A run in Markdown for a language model: outcome, what it was measured with, and the table of results of each model. */
export function describeRun({ outcome, reason, engine, runtime, machine, models }: RunState, activity: string, notice = ''): string {
  const tables = models.map((model) => `## ${model.model}\n\n${toMarkdown(resultColumns(english), resultRows(model, english))}`);
  return [
    `outcome: ${outcome ?? activity}${reason === '' ? '' : ` (${reason})`}`,
    notice,
    `measured with ${engine}, ${runtime} on ${machine}`,
    ...tables,
  ]
    .filter((line) => line !== '')
    .join('\n\n');
}
