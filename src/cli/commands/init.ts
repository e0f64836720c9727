import path from 'node:path';
import type { Command } from 'commander';
import { writeRecipe } from '../../core/tree/operations/write-recipe.ts';
import { readDataOption, dataOptionHelp } from '../data-option.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

export function registerInit(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('init')
    .description('write a commented starting recipe')
    .argument('<model>', 'the trained model')
    .requiredOption('--data <spec>', dataOptionHelp)
    .option('-o, --output <file>', 'where to write it (default: next to the model)')
    .action(async (model: string, { data, output }: { readonly data: string; readonly output?: string }) => {
      const written = await writeRecipe({ model, data: readDataOption(data), ...(output === undefined ? {} : { output }) });
      terminal.print(written.path);
      terminal.note(`next: espalier run ${path.relative('.', written.path)}\n`);
    });
}
