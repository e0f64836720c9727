import path from 'node:path';
import { unreachable } from '../errors.ts';
import type { ReportFormat } from '../../shared/protocol.ts';
import { writeFileAtomically } from '../tree/store/atomic-files.ts';
import { csvReport } from './csv-report.ts';
import { htmlReport } from './html-report.ts';
import { jsonReport } from './json-report.ts';
import { markdownReport } from './markdown-report.ts';
import { readRun } from './read-run.ts';
import type { ReadRun } from './read-run.ts';

const extensions: Readonly<Record<ReportFormat, string>> = { html: 'html', markdown: 'md', csv: 'csv', json: 'json' };

/** Writes a report, by default into the run's folder. */
export async function writeReport(runFolder: string, format: ReportFormat, output?: string): Promise<{ readonly path: string }> {
  const run = await readRun(runFolder);
  const file = output ?? path.join(runFolder, `report.${extensions[format]}`);
  await writeFileAtomically(file, renderReport(run, format));
  return { path: path.resolve(file) };
}

export function renderReport({ state, recipe }: ReadRun, format: ReportFormat): string {
  switch (format) {
    case 'html':
      return htmlReport(state, recipe);
    case 'markdown':
      return markdownReport(state, recipe);
    case 'csv':
      return csvReport(state);
    case 'json':
      return jsonReport(state);
    default:
      return unreachable(format);
  }
}
