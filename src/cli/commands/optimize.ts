import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { chosenTarget } from '../../core/hardware/targets.ts';
import { relocateData, relocatedPath } from '../../core/tree/recipe/relocate-data.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { soundTflite } from '../../core/tree/store/result-folder.ts';
import { resultPath } from '../../core/tree/store/run-store.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { isRecord } from '../../shared/checked-json.ts';
import { defaultSearchMinutes } from '../../shared/recipe/defaults.ts';
import { withTeachers } from '../../shared/recipe/teachers.ts';
import { searchedFields } from '../../shared/search-budget.ts';
import { type BudgetOptions, byteSize, byteSizes, searchOf } from '../budget-options.ts';
import { nonNegativeNumber, positiveNumber, wholeNumber, wholeNumberOrZero } from '../numbers.ts';
import { parseSteps, quantizations } from '../parse-steps.ts';
import { applySettings, type StepSettings } from '../step-settings.ts';
import { copyRecommended } from '../run/copy-recommended.ts';
import { followRun } from '../run/follow-run.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { asWrongUsage, WrongUsage } from '../wrong-usage.ts';

interface Options extends BudgetOptions {
  readonly inputShape?: readonly (readonly number[])[];
  readonly data: string;
  readonly steps?: string;
  readonly output: string;
  readonly seed: number;
  readonly epochs?: number;
  readonly set?: readonly string[];
  readonly teacher?: string;
  readonly threads?: number;
  readonly board?: string;
  readonly target?: string;
  readonly json?: boolean;
}

const MODEL_NAME = 'model';

export function registerOptimize(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('optimize')
    .argument('<model>', 'the trained model')
    .requiredOption('--data <spec>', dataOptionHelp)
    .option('--max-bytes <bytes>', 'a budget: most bytes after gzip -9, such as 60kB; several for several files', byteSizes)
    .option('--max-packed <bytes>', 'a budget: most bytes packed for TFLite Micro', byteSizes)
    .option('--max-file <bytes>', 'a budget: most bytes of the plain file', byteSizes)
    .option('--max-ethos-u <bytes>', 'a budget: most bytes of kernels, scales and biases as an Ethos-U reads them', byteSizes)
    .option('--max-ram <bytes>', 'with a budget: most bytes of tensor arena', byteSize)
    .option('--max-drop <points>', 'with a budget: points of accuracy that may be lost, or percent of an error', nonNegativeNumber)
    .option('--minutes <minutes>', `with a budget: minutes of training (default: ${defaultSearchMinutes})`, positiveNumber)
    .option('--training-steps <count>', 'with a budget: training steps in all, instead of minutes: the same on every machine', wholeNumber)
    .option('--steps <steps>', `prune=SPARSITY, cluster=COUNT, quantize=${quantizations.join('|')}: those that are wanted, in this order`)
    .requiredOption('-o, --output <folder>', 'folder for the .tflite, the recipe and the run')
    .option('--epochs <count>', 'passes over the training examples in each step', wholeNumber)
    .option(
      '--set <step.option=value>',
      'an option of a step as in the recipe, such as prune.structure=filters, cluster.weighting=fisher, training.distillation=true, or rules for layers as layers=JSON; repeatable',
      (value: string, all: readonly string[] = []) => [...all, value],
    )
    .option('--teacher <model>', 'another trained model, whose predictions every training learns beside the labels')
    .option('--seed <seed>', 'fixes every random choice', wholeNumberOrZero, 0)
    .option('--threads <count>', 'threads of each step (default: what is measured to be fastest)', wholeNumber)
    .option('--board <name>', 'the board that the file is for: `espalier profile --boards` lists them')
    .option('--target <core+npu>', 'the core, the NPU or both that the file is for, such as cortex-m55+ethos-u55-128')
    .addOption(inputShapeOption())
    .option('--json', 'print the events as JSON, one a line')
    .action(async (model: string, options: Options) => {
      // Before anything is written.
      chosenTarget(options.target, options.board);
      const plan = optimizePlan(options);
      const data = readDataOption(options.data);
      const folder = path.resolve(options.output);
      await mkdir(folder, { recursive: true });
      const recipe = path.join(folder, 'optimize.espalier.json');
      const contents = {
        models: [{ name: MODEL_NAME, path: path.resolve(model), inputShape: options.inputShape }],
        data: relocateData(data, path.resolve(), folder),
        ...withTeachers(plan.recipe, (teacher) => relocatedPath(teacher, path.resolve(), folder)),
        seed: options.seed,
        deploy: options.board === undefined && options.target === undefined ? undefined : { board: options.board, target: options.target },
      };
      await writeFileAtomically(recipe, `${JSON.stringify(contents, undefined, 2)}\n`);
      const { threads } = options;
      const request = { recipe, threads };
      const name = path.basename(model).replace(/\.[^.]+$/, '');
      let runFolder = '';
      try {
        await followRun(
          async (worker) => {
            const handle = await worker.handler.request('startRun', request);
            ({ runFolder } = handle);
            return handle;
          },
          terminal,
          options.json === true,
        ).catch((error: unknown) => {
          // The recipe consists of the command's options, so a mistake in it is wrong usage of the command.
          throw asWrongUsage(error, 'invalid-recipe');
        });
      } finally {
        // A search that misses its targets has the nearest file.
        if (plan.node === undefined && runFolder !== '') {
          const { copied, removed, others } = await copyRecommended({ runFolder, folder, model: MODEL_NAME, name });
          for (const file of removed) terminal.note(`removed, of an earlier search: ${file}\n`);
          for (const file of others) terminal.note(`not of this search, and not removed: ${file}\n`);
          for (const file of copied) if (options.json !== true) terminal.print(file);
        }
      }
      if (plan.node === undefined) return;
      const output = path.join(folder, `${name}.tflite`);
      await writeFileAtomically(output, await soundTflite(path.join(runFolder, resultPath(MODEL_NAME, plan.node))));
      if (options.json !== true) terminal.print(output);
    });
}

interface OptimizePlan {
  /** The node whose file is wanted; undefined of a search. */
  readonly node: string | undefined;
  readonly recipe: Readonly<Record<string, unknown>>;
}

/** @throws WrongUsage for options that contradict each other, or lack one */
export function optimizePlan(options: Pick<Options, 'steps' | 'epochs' | 'set' | 'teacher'> & BudgetOptions): OptimizePlan {
  const strategy = searchOf(options);
  if (strategy === undefined) {
    if (options.steps === undefined)
      throw new WrongUsage(
        '--max-bytes',
        'neither a budget nor steps are given',
        'add --max-bytes 60kB, or --steps prune=0.5,cluster=16,quantize=qat',
      );
    const steps = parseSteps(options.steps);
    const { techniques, training, layers } = applySettings(steps, options.set ?? []);
    const all = { epochs: options.epochs, ...withTeacherOption(training, options.teacher) };
    return { node: steps.node, recipe: { techniques, nodes: [steps.node], training: all, layers } };
  }
  if (options.steps !== undefined)
    throw new WrongUsage('--steps', 'it contradicts a budget, from which the steps follow', 'leave one of them out');
  if (options.epochs !== undefined) throw new WrongUsage('--epochs', 'it contradicts a budget', 'give --minutes or --training-steps');
  const { training, layers } = applySettings({ node: '', techniques: {}, keys: {} }, options.set ?? []);
  const chosen = searchedFields.find(
    (field) => Array.isArray(layers) && layers.some((rule) => isRecord(rule) && Object.hasOwn(rule, field)),
  );
  if (chosen !== undefined)
    throw new WrongUsage(
      '--set',
      `layers contradict a budget, from which "${chosen}" of each follows`,
      'leave it out ("exclude", "bits" and "activations" hold in a search), or give --steps instead of the budget',
    );
  return { node: undefined, recipe: { strategy, training: withTeacherOption(training, options.teacher), layers } };
}

/** What `--set` says of temperature and weight stays. */
function withTeacherOption(training: StepSettings['training'], teacher: string | undefined): StepSettings['training'] {
  if (teacher === undefined) return training;
  const { distillation } = training;
  if (distillation === false)
    throw new WrongUsage('--teacher', 'it contradicts --set training.distillation=false', 'leave one of them out');
  return { ...training, distillation: { ...(isRecord(distillation) ? distillation : {}), teacher } };
}
