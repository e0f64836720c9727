import path from 'node:path';
import type { Command } from 'commander';
import { cleanRuns, listRuns } from '../../core/tree/list-runs.ts';
import { cacheFolder, sizeOnDisk } from '../../core/tree/store/run-store.ts';
import { formatBytes } from '../../shared/drawing/format.ts';
import { isAlive, ownIdentity } from '../../worker/process-identity.ts';
import { findRun } from '../run/find-run.ts';
import { printJson, processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { textTable } from '../text-table.ts';

export function registerRuns(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('runs')
    .argument('[folder]', 'folder of the recipe', '.')
    .option('--json', 'print the list as JSON')
    .action(async (folder: string, { json }: { readonly json?: boolean }) => {
      const runs = await listRuns(path.resolve(folder), isAlive);
      if (json === true) return printJson(terminal, { version: 1, runs });
      if (runs.length === 0) return terminal.note('no runs here; start one with `espalier run RECIPE`\n');
      terminal.print(
        textTable(
          [
            { title: 'run' },
            { title: 'recipe' },
            { title: 'outcome' },
            { title: 'nodes', numeric: true },
            { title: 'size', numeric: true },
          ],
          runs.map((run) => [run.runId, path.basename(run.recipe), run.outcome, `${run.nodesDone}/${run.nodes}`, formatBytes(run.bytes)]),
        ),
      );
      for (const { runId, problem } of runs) if (problem !== undefined) terminal.note(`warning: run ${runId} is damaged: ${problem}\n`);
    });
}

export function registerClean(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('clean')
    .argument('[runs...]', 'ids or folders of runs to delete')
    .option('--all', 'delete all runs that are not going on')
    .option('--cache', 'delete the cache of stages')
    .option('--folder <folder>', 'folder of the recipe', '.')
    .action(async (named: readonly string[], options: { readonly all?: boolean; readonly cache?: boolean; readonly folder: string }) => {
      const folder = path.resolve(options.folder);
      const runs = await listRuns(folder, isAlive);
      const chosen =
        options.all === true
          ? runs.filter(({ outcome }) => outcome !== 'running').map(({ runFolder }) => runFolder)
          : await Promise.all(named.map((run) => findRun(folder, run)));
      if (chosen.length === 0 && options.cache !== true) {
        const bytes = runs.reduce((sum, run) => sum + run.bytes, 0);
        terminal.print(`${runs.length} runs: ${formatBytes(bytes)}; cache: ${formatBytes(await sizeOnDisk(cacheFolder(folder)))}`);
        return terminal.note('name runs, or add --all or --cache, to delete\n');
      }
      const freed = await cleanRuns(folder, chosen, { cache: options.cache ?? false, self: ownIdentity(), isAlive });
      terminal.print(`freed ${formatBytes(freed)}`);
    });
}
