import { Option, type Command } from 'commander';
import { evaluateModel } from '../../core/tree/operations/evaluate-model.ts';
import { formatPercent, formatSeconds } from '../../shared/drawing/format.ts';
import type { EvaluationResult } from '../../shared/protocol.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { evaluationThreadScript } from '../evaluation-thread-script.ts';
import { interruptible } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly data: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerEvaluate(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('evaluate')
    .description('measure a model on data: a .tflite in LiteRT from its bytes, every other model on the training engine')
    .argument('<model>', 'Keras .h5 or .keras, TFJS model.json, SavedModel folder, or any .tflite')
    .requiredOption('--data <spec>', dataOptionHelp)
    .addOption(new Option('--split <split>', 'examples to measure on').choices(['train', 'validation', 'test']).default('test'))
    .option('--threads <count>', 'runtimes side by side, for a .tflite (default: all cores)', wholeNumber)
    .option('--json', 'print the result as JSON')
    .action(async (model: string, options: Options) => {
      const data = readDataOption(options.data);
      const bar = new ProgressBar(terminal);
      const result = await interruptible((signal) =>
        evaluateModel(
          { model, data, split: options.split },
          {
            threads: options.threads,
            threadScript: evaluationThreadScript(),
            signal,
            onProgress: ({ phase, fraction }) => bar.update(phase, fraction),
          },
        ),
      ).finally(() => bar.clear());
      printWarnings(terminal, result.warnings);
      if (options.json === true) printJson(terminal, result);
      else terminal.print(describeEvaluation(result));
    });
}

export function describeEvaluation({ model, accuracy, seconds }: EvaluationResult): string {
  const { top1, top5, meanSquaredError, samples, runtime } = accuracy;
  const figures = [
    ...(top1 === undefined ? [] : [`top-1 ${formatPercent(top1)} (${Math.round(top1 * samples)} of ${samples})`]),
    ...(top5 === undefined ? [] : [`top-5 ${formatPercent(top5)}`]),
    ...(meanSquaredError === undefined ? [] : [`mean squared error ${meanSquaredError.toPrecision(6)}`]),
  ];
  return `${model}: ${figures.join(', ')}; ${samples} examples in ${runtime}, ${formatSeconds(seconds)}`;
}
