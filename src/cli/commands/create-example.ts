import path from 'node:path';
import type { Command } from 'commander';
import { createExample } from '../../core/example/create-example.ts';

export function registerCreateExample(program: Command): void {
  program
    .command('create-example')
    .description('make a project to try: generated digits, a small baseline trained on the spot, and a recipe')
    .argument('<folder>', 'a new or empty folder')
    .option('--force', 'write into a folder that has files already', false)
    .action(async (folder: string, { force }: { readonly force: boolean }) => {
      const controller = new AbortController();
      const cancel = (): void => controller.abort();
      process.once('SIGINT', cancel);
      try {
        const showProgress = progressLine();
        const { recipe, files, accuracy } = await createExample(folder, { force, signal: controller.signal, onProgress: showProgress });
        clearProgressLine();
        for (const file of files) console.log(path.relative('.', file) || file);
        console.log(
          `baseline: top-1 ${((accuracy.top1 ?? 0) * 100).toFixed(1)}% of ${accuracy.samples} generated test digits (${accuracy.runtime})`,
        );
        console.log(`next: espalier run ${path.relative('.', recipe) || recipe}`);
      } finally {
        process.removeListener('SIGINT', cancel);
      }
    });
}

/** One line that is written over in a terminal; nothing where output is kept. */
function progressLine(): (progress: { readonly phase: string; readonly fraction: number }) => void {
  let shown = '';
  return ({ phase, fraction }) => {
    const text = `${phase} the baseline: ${Math.floor(fraction * 100)}%`;
    if (process.stderr.isTTY !== true || text === shown) return;
    shown = text;
    process.stderr.write(`\r\u001b[K${text}`);
  };
}

function clearProgressLine(): void {
  if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[K');
}
