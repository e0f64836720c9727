import { copyFile, mkdir } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { chosenTarget } from '../../core/hardware/targets.ts';
import { relocateData } from '../../core/tree/recipe/relocate-data.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { tflitePath } from '../../core/tree/store/run-store.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { wholeNumber, wholeNumberOrZero } from '../numbers.ts';
import { parseSteps } from '../parse-steps.ts';
import { applySettings } from '../step-settings.ts';
import { followRun } from '../run/follow-run.ts';
import { processTerminal } from '../terminal.ts';
import type { Terminal } from '../terminal.ts';
import { asWrongUsage } from '../wrong-usage.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly data: string;
  readonly steps: string;
  readonly output: string;
  readonly seed: number;
  readonly epochs?: number;
  readonly set: readonly string[];
  readonly threads?: number;
  readonly board?: string;
  readonly target?: string;
  readonly json?: boolean;
}

const MODEL_NAME = 'model';

export function registerOptimize(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('optimize')
    .description('take a model along one path of the deployment tree, with defaults derived from the model and the data')
    .argument('<model>', 'the trained model')
    .requiredOption('--data <spec>', dataOptionHelp)
    .requiredOption('--steps <steps>', 'prune=SPARSITY, cluster=COUNT, quantize=ptq|qat: those that are wanted, in this order')
    .requiredOption('-o, --output <folder>', 'folder for the .tflite, the recipe and the run')
    .option('--epochs <count>', 'passes over the training examples in each step', wholeNumber)
    .option(
      '--set <step.option=value>',
      'an option of a step as in the recipe, such as prune.structure=filters, cluster.weighting=fisher, training.distillation=true; repeatable',
      (value: string, all: readonly string[]) => [...all, value],
      [],
    )
    .option('--seed <seed>', 'fixes every random choice', wholeNumberOrZero, 0)
    .option('--threads <count>', 'threads of each step (default: what is measured to be fastest)', wholeNumber)
    .option('--board <name>', 'the board that the file is for: `espalier profile --boards` lists them')
    .option('--target <core+npu>', 'the core, the NPU or both that the file is for, such as cortex-m55+ethos-u55-128')
    .addOption(inputShapeOption())
    .option('--json', 'print the events as JSON, one a line')
    .action(async (model: string, options: Options) => {
      // Before anything is written.
      chosenTarget(options.target, options.board);
      const steps = parseSteps(options.steps);
      const { node } = steps;
      const { techniques, training, layers } = applySettings(steps, options.set);
      const data = readDataOption(options.data);
      const folder = path.resolve(options.output);
      await mkdir(folder, { recursive: true });
      const recipe = path.join(folder, 'optimize.espalier.json');
      const contents = {
        models: [{ name: MODEL_NAME, path: path.resolve(model), inputShape: options.inputShape }],
        data: relocateData(data, path.resolve(), folder),
        techniques,
        nodes: [node],
        seed: options.seed,
        training: { epochs: options.epochs, ...training },
        layers,
        deploy: options.board === undefined && options.target === undefined ? undefined : { board: options.board, target: options.target },
      };
      await writeFileAtomically(recipe, `${JSON.stringify(contents, undefined, 2)}\n`);
      const { threads } = options;
      const request = { recipe, threads };
      const { runFolder } = await followRun((worker) => worker.handler.request('startRun', request), terminal, options.json === true).catch(
        (error: unknown) => {
          // The recipe consists of the command's options, so a mistake in it is wrong usage of the command.
          throw asWrongUsage(error, 'invalid-recipe');
        },
      );
      const output = path.join(folder, `${path.basename(model).replace(/\.[^.]+$/, '')}.tflite`);
      await copyFile(path.join(runFolder, tflitePath(MODEL_NAME, node)), output);
      if (options.json !== true) terminal.print(output);
    });
}
