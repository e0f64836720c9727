import path from 'node:path';
import type { Command } from 'commander';
import { EspalierError } from '../../core/errors.ts';
import { wholeNumber } from '../numbers.ts';
import { followRun } from '../run/follow-run.ts';
import { findRun } from '../run/find-run.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

interface Options {
  readonly resume?: boolean | string;
  readonly node?: readonly string[];
  readonly threads?: number;
  readonly cache: boolean;
  readonly json?: boolean;
}

export function registerRun(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('run')
    .description(
      'walk the deployment tree of a recipe: exit code 0 when done and the targets are met, 3 when no file meets them, 1 on failure',
    )
    .argument('[recipe]', 'a *.espalier.json file')
    .option('--resume [run]', 'go on with a cancelled or killed run: the latest one, or the one of this id or folder')
    .option('--node <ids...>', 'only these nodes and those that they come from')
    .option('--threads <count>', "threads, when the recipe doesn't say (default: all cores)", wholeNumber)
    .option('--no-cache', 'do all the work again')
    .option('--json', 'print the events as JSON, one a line')
    .action(async (recipe: string | undefined, options: Options) => {
      const { resume, node, threads } = options;
      if (resume !== undefined) {
        const folder = recipe === undefined ? path.resolve() : path.dirname(path.resolve(recipe));
        const runFolder = await findRun(folder, resume === true ? undefined : String(resume), ({ outcome }) => outcome !== 'running');
        return followRun((worker) => worker.handler.request('resumeRun', { runFolder }), terminal, options.json === true);
      }
      if (recipe === undefined)
        throw new EspalierError('invalid-argument', 'no recipe is named', {
          fix: 'give a *.espalier.json file; `espalier init MODEL --data SPEC` writes one',
        });
      return followRun(
        (worker) =>
          worker.handler.request('startRun', {
            recipe: path.resolve(recipe),
            ignoreCache: !options.cache,
            ...(node === undefined ? {} : { nodes: node }),
            ...(threads === undefined ? {} : { threads }),
          }),
        terminal,
        options.json === true,
      );
    });
}
