import path from 'node:path';
import { Option, type Command } from 'commander';
import { readRun } from '../../core/report/read-run.ts';
import { renderReport, writeReport } from '../../core/report/write-report.ts';
import { compareRuns } from '../../shared/drawing/run-comparison.ts';
import { english } from '../../shared/drawing/translate.ts';
import type { ReportFormat } from '../../shared/protocol.ts';
import { findRun } from '../run/find-run.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

const formats: readonly ReportFormat[] = ['html', 'markdown', 'csv', 'json'];

export function registerReport(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('report')
    .argument('[run]', 'id or folder of a run (default: the latest in the current folder)')
    .addOption(new Option('--format <format>', 'kind of report').choices(formats).default('html'))
    .option('-o, --output <file>', 'where to write it (default: html into the run folder, others to standard output)')
    .action(async (run: string | undefined, { format, output }: { readonly format: ReportFormat; readonly output?: string }) => {
      const folder = await findRun(path.resolve(), run, ({ outcome }) => run !== undefined || outcome !== 'damaged');
      if (output === undefined && format !== 'html') terminal.print(renderReport(await readRun(folder), format).trimEnd());
      else terminal.print((await writeReport(folder, format, output)).path);
    });
}

export function registerCompare(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('compare')
    .argument('<runs...>', 'ids or folders of runs')
    .action(async (runs: readonly string[]) => {
      const read = await Promise.all(runs.map(async (run) => readRun(await findRun(path.resolve(), run))));
      terminal.print(
        compareRuns(
          read.map(({ folder, state }) => ({ name: path.basename(folder), state })),
          english,
        ).trimEnd(),
      );
    });
}
