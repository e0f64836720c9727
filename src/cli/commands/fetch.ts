import type { Command } from 'commander';
import { fetchDataSet } from '../../core/data/fetch/fetch-data-set.ts';
import { onInterrupt } from '../interrupt.ts';
import { ProgressBar } from '../progress-bar.ts';
import { processTerminal, type Terminal } from '../terminal.ts';

export function registerFetch(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('fetch')
    .argument('<name>', 'of the data set')
    .argument('[folder]', 'where the files go (default: a folder of that name)')
    .action(async (name: string, folder: string = name) => {
      const bar = new ProgressBar(terminal);
      const controller = new AbortController();
      const release = onInterrupt(() => controller.abort());
      const { title, page, files, spec } = await fetchDataSet(name, {
        folder,
        signal: controller.signal,
        onProgress: (file, received, total) => bar.update(file, total === undefined ? 0 : received / total),
      }).finally(() => {
        release();
        bar.clear();
      });
      for (const file of files) terminal.print(file);
      terminal.print(`${title}, about it: ${page}`);
      terminal.print(`in a recipe: "data": ${JSON.stringify(spec)}`);
    });
}
