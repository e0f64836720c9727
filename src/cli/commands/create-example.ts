import path from 'node:path';
import type { Command } from 'commander';
import { createExample } from '../../core/example/create-example.ts';
import { refuseLoginNode, trainInJob } from '../../core/tree/execution/login-node.ts';
import { isLoginNode } from '../../execution/slurm/open-slurm.ts';
import { formatPercent } from '../../shared/drawing/format.ts';
import { neverAborted } from '../interrupt.ts';
import { ProgressBar } from '../progress-bar.ts';
import { processTerminal, type Terminal } from '../terminal.ts';

export function registerCreateExample(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('create-example')
    .argument('<folder>', 'a new or empty folder')
    .option('--force', 'write into a folder that has files already', false)
    .action(async (folder: string, { force }: { readonly force: boolean }) => {
      await refuseLoginNode({ isLoginNode }, trainInJob);
      const bar = new ProgressBar(terminal);
      const { recipe, files, accuracy } = await createExample(folder, {
        force,
        signal: neverAborted,
        onProgress: ({ phase, fraction }) => bar.update(phase, fraction),
      }).finally(() => bar.clear());
      for (const file of files) terminal.print(relative(file));
      terminal.print(
        `baseline: top-1 ${formatPercent(accuracy.top1 ?? 0)} of ${accuracy.samples} generated test digits, ${accuracy.runtime}`,
      );
      terminal.print(`next: espalier run ${relative(recipe)}`);
    });
}

/** The path relative to the current folder, where the file lies below it. */
function relative(file: string): string {
  const fromHere = path.relative('.', file);
  return fromHere.startsWith('..') ? file : fromHere;
}
