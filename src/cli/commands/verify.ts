import path from 'node:path';
import type { Command } from 'commander';
import { VERIFICATION_VERSION, verifyStore, type StoreVerification } from '../../core/tree/operations/verify-store.ts';
import { verifyRun, type RunVerification } from '../../core/tree/operations/verify-run.ts';
import { formatQuality, qualityOfAccuracy, qualityValue } from '../../shared/qualities.ts';
import { evaluationThreadScript } from '../evaluation-thread-script.ts';
import { neverAborted } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { CommandFailure } from '../program.ts';
import { findRun } from '../run/find-run.ts';
import { printJson, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly accuracy?: boolean;
  readonly folder: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerVerify(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('verify')
    .argument('[run]', 'id or folder of a run (default: all runs of the folder, and the cache)')
    .option('--accuracy', 'measure every .tflite again on the test examples')
    .option('--folder <folder>', 'folder of the recipe', '.')
    .option('--threads <count>', 'runtimes side by side, for --accuracy (default: all cores)', wholeNumber)
    .option('--json', 'print the result as JSON')
    .action(async (run: string | undefined, options: Options) => {
      const folder = path.resolve(options.folder);
      const bar = new ProgressBar(terminal);
      const verify = {
        accuracy: options.accuracy ?? false,
        context: {
          threads: options.threads,
          threadScript: evaluationThreadScript(),
          signal: neverAborted,
          onProgress: ({ phase, fraction }: { readonly phase: string; readonly fraction: number }) => bar.update(phase, fraction),
        },
      };
      const verified =
        run === undefined
          ? verifyStore(folder, verify)
          : findRun(folder, run)
              .then((found) => verifyRun(found, verify))
              .then((only): StoreVerification => ({ version: VERIFICATION_VERSION, runs: [only], cache: undefined }));
      const verification = await verified.finally(() => bar.clear());
      if (options.json === true) printJson(terminal, verification);
      else terminal.print(describeVerification(verification));
      const problems = verification.runs.flatMap(({ problems }) => problems).length + (verification.cache?.problems.length ?? 0);
      if (problems > 0) throw new CommandFailure(`error: ${problems === 1 ? '1 problem' : `${problems} problems`} found`);
    });
}

export function describeVerification({ runs, cache }: StoreVerification): string {
  const lines = runs.flatMap(describeRun);
  if (runs.length === 0) lines.push('no runs here');
  if (cache !== undefined) {
    lines.push(`${cache.problems.length === 0 ? '✓' : '✗'} cache: ${count(cache.verified, 'entry', 'entries')} verified`);
    lines.push(...cache.problems.map(({ entry, message }) => `  ✗ ${entry.slice(0, 16)}: ${message}`));
    if (cache.problems.length > 0) lines.push('  a damaged entry is not used: it is made again when it is next needed');
  }
  return lines.join('\n');
}

function describeRun({ runId, verified, problems, accuracies }: RunVerification): readonly string[] {
  const several = new Set(accuracies.map(({ model }) => model)).size > 1;
  return [
    `${problems.length === 0 ? '✓' : '✗'} run ${runId}: ${count(verified, 'result', 'results')} verified`,
    ...accuracies.map(({ model, node, recorded, measured }) => {
      const name = several ? `${model}: ${node}` : node;
      const [before, after] = [recorded, measured].map((accuracy) => formatQuality(qualityOfAccuracy(accuracy), qualityValue(accuracy)));
      return `    ${name}: ${after ?? ''} of ${measured.samples} examples in ${measured.runtime}; recorded ${before ?? ''}`;
    }),
    ...problems.map(({ model, node, message }) => `  ✗ ${node === undefined ? '' : `${model ?? ''}, ${node}: `}${message}`),
    ...(problems.some(({ node }) => node !== undefined) ? [`  \`espalier run --resume ${runId}\` makes what is damaged again`] : []),
  ];
}

function count(number: number, one: string, several: string): string {
  return `${number} ${number === 1 ? one : several}`;
}
