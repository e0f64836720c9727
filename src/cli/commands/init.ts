import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { checkRecipe } from '../../core/tree/recipe/check-recipe.ts';
import { describeDiagnostic } from '../../core/tree/recipe/parse-recipe.ts';
import { relocateData } from '../../core/tree/recipe/relocate-data.ts';
import { writeRecipe } from '../../core/tree/operations/write-recipe.ts';
import { readDataOption, dataOptionHelp } from '../data-option.ts';
import { printWarnings, processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';

export function registerInit(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('init')
    .argument('<model>', 'the trained model')
    .requiredOption('--data <spec>', dataOptionHelp)
    .option('-o, --output <file>', 'where to write it (default: next to the model)')
    .action(async (model: string, { data, output }: { readonly data: string; readonly output?: string }) => {
      const written = await writeRecipe({
        model,
        data: fromRecipe(readDataOption(data), path.dirname(path.resolve(output ?? model))),
        output,
      });
      terminal.print(written.path);
      printWarnings(terminal, await whatIsWrong(written.path));
      terminal.note(`next: espalier run ${path.relative('.', written.path)}\n`);
    });
}

/** Problems are reported, but the recipe is written: model or data may be added later. */
async function whatIsWrong(recipe: string): Promise<readonly string[]> {
  const text = await readFile(recipe, 'utf8');
  const diagnostics = await checkRecipe(text, path.dirname(recipe));
  return diagnostics.map((diagnostic) => `${path.relative('.', recipe)}: ${describeDiagnostic(text, diagnostic)}`);
}

/** A block on the command line is relative to the current folder, one in a recipe to the recipe. */
function fromRecipe(data: object | string, folder: string): object | string {
  return typeof data === 'string' ? data : relocateData(data, path.resolve(), folder);
}
