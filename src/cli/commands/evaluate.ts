import { Option, type Command } from 'commander';
import { evaluateModel } from '../../core/tree/operations/evaluate-model.ts';
import { formatPercent, formatSeconds } from '../../shared/drawing/format.ts';
import { omit } from '../../shared/omit.ts';
import { describeFigures, formatQuality, qualityOfAccuracy, qualityTable } from '../../shared/qualities.ts';
import type { Accuracy } from '../../shared/results.ts';
import type { EvaluationResult } from '../../shared/protocol.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { evaluationThreadScript } from '../evaluation-thread-script.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { neverAborted } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { textTable } from '../text-table.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly data: string;
  readonly split: 'train' | 'validation' | 'test';
  readonly reference?: string;
  readonly threads?: number;
  readonly json?: boolean;
}

export function registerEvaluate(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('evaluate')
    .argument('<model>', 'Keras .h5 or .keras, TFJS model.json, SavedModel folder, .onnx, or any .tflite')
    .requiredOption('--data <spec>', dataOptionHelp)
    .addOption(new Option('--split <split>', 'examples to measure on').choices(['train', 'validation', 'test']).default('test'))
    .option('--reference <model>', 'trained model that outputs are compared with, where the data have no labels ("labelled": false)')
    .option('--threads <count>', 'runtimes side by side, for a .tflite (default: all cores)', wholeNumber)
    .addOption(inputShapeOption())
    .option('--json', 'print the result as JSON')
    .action(async (model: string, options: Options) => {
      const data = readDataOption(options.data);
      const bar = new ProgressBar(terminal);
      const result = await evaluateModel(
        { model, data, split: options.split, inputShape: options.inputShape, reference: options.reference },
        {
          threads: options.threads,
          threadScript: evaluationThreadScript(),
          signal: neverAborted,
          onProgress: ({ phase, fraction }) => bar.update(phase, fraction),
        },
      ).finally(() => bar.clear());
      printWarnings(terminal, result.warnings);
      if (options.json === true) printJson(terminal, result);
      else terminal.print(describeEvaluation(result));
    });
}

export function describeEvaluation({ model, accuracy, seconds, classNames }: EvaluationResult): string {
  const { top1, top5, meanSquaredError, rocAuc, confusion, outputs = [], samples, runtime } = accuracy;
  const others = omit(accuracy, 'top1', 'meanSquaredError', 'rocAuc');
  const figures = [
    ...(top1 === undefined ? [] : [`top-1 ${formatPercent(top1)} (${Math.round(top1 * samples)} of ${samples})`]),
    ...(top5 === undefined ? [] : [`top-5 ${formatPercent(top5)}`]),
    ...(meanSquaredError === undefined ? [] : [`mean squared error ${meanSquaredError.toPrecision(6)}`]),
    ...(rocAuc === undefined ? [] : [`ROC AUC ${rocAuc.toFixed(4)}`]),
    ...describeFigures({ ...others, top1: undefined, meanSquaredError: undefined }),
    ...intervalOf(accuracy),
  ];
  const summary = [
    `${model}: ${figures.join(', ')}; ${samples} examples in ${runtime}, ${formatSeconds(seconds)}`,
    ...outputs.map((output) => `  ${output.name}: ${describeFigures(output).join(', ')}`),
  ].join('\n');
  return confusion === undefined || confusion.length > widestConfusion ? summary : `${summary}\n\n${confusionTable(confusion, classNames)}`;
}

/** Of the task's measure, where the examples were drawn again for it. */
function intervalOf(accuracy: Accuracy): readonly string[] {
  const measure = qualityOfAccuracy(accuracy);
  const interval = accuracy.intervals?.[measure];
  if (interval === undefined) return [];
  const [low, high] = interval.map((end) => formatQuality(measure, end));
  return [`95% bootstrap interval of the ${qualityTable[measure].title} ${low ?? ''} to ${high ?? ''}`];
}

/** Classes whose counts fit a terminal's line; `--json` has them all. */
const widestConfusion = 12;

const longestClassName = 10;
const cut = (name: string): string => (name.length <= longestClassName ? name : `${name.slice(0, longestClassName - 1)}…`);

function confusionTable(confusion: readonly (readonly number[])[], classNames: readonly string[] | undefined): string {
  const nameOf = (label: number): string => cut(classNames?.[label] ?? String(label));
  return textTable(
    [
      { title: 'label \\ predicted' },
      ...confusion.map((_, label) => ({ title: nameOf(label), numeric: true })),
      { title: 'recall', numeric: true },
    ],
    confusion.map((row, label) => {
      const examples = row.reduce((sum, count) => sum + count, 0);
      return [nameOf(label), ...row.map(String), formatPercent(examples === 0 ? undefined : (row[label] ?? 0) / examples, 1)];
    }),
  );
}
