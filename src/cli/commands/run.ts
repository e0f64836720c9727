import path from 'node:path';
import type { Command } from 'commander';
import { readEventLog } from '../../core/tree/store/event-log.ts';
import { runFiles } from '../../core/tree/store/run-store.ts';
import { wholeNumber, wholeNumberOrZero } from '../numbers.ts';
import { followRun } from '../run/follow-run.ts';
import { addExecutionOptions, executionSettings } from '../run/slurm-options.ts';
import type { ExecutionFlags } from '../run/slurm-options.ts';
import { findResumableRun } from '../run/resumable-run.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Options extends ExecutionFlags {
  readonly resume?: true | string;
  readonly node?: readonly string[];
  readonly threads?: number;
  readonly processes?: number;
  readonly seed?: number;
  readonly cache: boolean;
  readonly json?: boolean;
}

export function registerRun(program: Command, terminal: Terminal = processTerminal): void {
  addExecutionOptions(program.command('run'))
    .argument('[recipe]', 'a *.espalier.json file')
    .option('--resume [run]', 'go on with a cancelled or killed run: the latest one, or the one of this id or folder')
    .option('--node <ids...>', 'only these nodes and those that they come from')
    .option(
      '--threads <count>',
      "threads of each stage, when the recipe doesn't say (default: what is measured to be fastest)",
      wholeNumber,
    )
    .option(
      '--processes <count>',
      "stages that run at the same time, when the recipe doesn't say (default: 1 with --threads, else measured)",
      wholeNumber,
    )
    .option('--seed <number>', "instead of the recipe's", wholeNumberOrZero)
    .option('--no-cache', 'do all the work again')
    .option('--json', 'print the events as JSON, one a line')
    .action(async (recipe: string | undefined, options: Options, command: Command) => {
      const { node, threads, processes, seed } = options;
      if (options.resume !== undefined) {
        const runFolder = await runToResume(recipe, options.resume);
        // The intact part of a damaged log: the run resumes from there.
        const { events } = readEventLog(path.join(runFolder, runFiles.events));
        await followRun(
          (worker) => worker.handler.request('resumeRun', { runFolder, ...executionSettings(options) }),
          terminal,
          options.json === true,
          events,
        );
        return;
      }
      if (recipe === undefined) command.error('error: no recipe is named; `espalier init MODEL --data SPEC` writes one');
      await followRun(
        (worker) =>
          worker.handler.request('startRun', {
            recipe: path.resolve(recipe),
            ignoreCache: !options.cache,
            ...(node === undefined ? {} : { nodes: node }),
            ...(threads === undefined ? {} : { threads }),
            ...(processes === undefined ? {} : { processes }),
            ...(seed === undefined ? {} : { seed }),
            ...executionSettings(options),
          }),
        terminal,
        options.json === true,
      );
    });
}

/** `--resume` takes the next word, which may be the recipe: then it stands for the latest run of that folder. */
function runToResume(recipe: string | undefined, resume: true | string): Promise<string> {
  const isRecipe = typeof resume === 'string' && resume.endsWith('.json');
  const folder = path.dirname(path.resolve(isRecipe ? resume : (recipe ?? 'recipe')));
  return findResumableRun(folder, resume === true || isRecipe ? undefined : resume);
}
