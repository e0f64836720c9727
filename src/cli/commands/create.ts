import { Argument, type Command, Option } from 'commander';
import { createModel } from '../../core/create/create-model.ts';
import { createEngine } from '../../core/engine/create-engine.ts';
import { architectureNames, architectures, type ArchitectureName, type ArchitectureOptions } from '../../core/models/architectures.ts';
import { refuseLoginNode, trainInJob } from '../../core/tree/execution/login-node.ts';
import { isLoginNode } from '../../execution/slurm/open-slurm.ts';
import { describeFigures } from '../../shared/qualities.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { neverAborted } from '../interrupt.ts';
import { imageSize, nonNegativeNumber, positiveNumber, wholeNumber, wholeNumberOrZero } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly output: string;
  readonly classes?: number;
  readonly inputSize?: readonly [number, number];
  readonly channels?: number;
  readonly alpha?: number;
  readonly firstStride?: '1' | '2';
  readonly seed: number;
  readonly data?: string;
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  readonly weightDecay: number;
  readonly threads?: number;
}

export function registerCreate(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('create')
    .addArgument(new Argument('<architecture>', 'the network').choices(architectureNames))
    .requiredOption('-o, --output <file>', 'a .keras file, or the .json of a TFJS layers model')
    .option('--classes <count>', 'outputs (default: as published)', wholeNumber)
    .option('--input-size <size>', 'height and width, such as 32 or 49x10 (default: as published)', imageSize)
    .option('--channels <count>', 'colour channels of images (default: as published)', wholeNumber)
    .option('--alpha <factor>', 'width multiplier of MobileNets and U-Nets (default: 1)', positiveNumber)
    .addOption(
      new Option('--first-stride <stride>', "of a MobileNet's first convolution: 1 keeps the resolution of small images").choices([
        '1',
        '2',
      ]),
    )
    .option('--seed <number>', 'of the initial weights and the order of training', wholeNumberOrZero, 0)
    .option('--data <spec>', `train: ${dataOptionHelp}`)
    .option('--epochs <count>', 'of training', wholeNumber, 20)
    .option('--batch-size <count>', 'of training', wholeNumber, 64)
    .option('--learning-rate <rate>', 'the peak, of AdamW; warm-up and cosine around it', positiveNumber, 1e-3)
    .option('--weight-decay <factor>', 'decoupled, of AdamW', nonNegativeNumber, 1e-2)
    .option('--threads <count>', 'of training (default: all cores)', wholeNumber)
    .addHelpText('after', `\nArchitectures:\n${architectureNames.map(describe).join('\n')}`)
    .action(async (architecture: ArchitectureName, options: Options) => {
      const { output, seed, data, epochs, batchSize, learningRate, weightDecay, threads } = options;
      const warn = (warning: string): void => printWarnings(terminal, [warning]);
      if (data !== undefined) await refuseLoginNode({ isLoginNode }, trainInJob);
      const training =
        data === undefined
          ? undefined
          : {
              data: readDataOption(data),
              plan: { epochs, batchSize, learningRate, weightDecay },
              engine: threads === undefined ? undefined : await createEngine({ threads, onNotice: warn }),
            };
      const bar = new ProgressBar(terminal);
      const created = await createModel({
        architecture,
        options: architectureOptions(options),
        seed,
        output,
        training,
        signal: neverAborted,
        onProgress: (phase, fraction) => bar.update(phase, fraction),
        warn,
      }).finally(() => bar.clear());
      for (const file of created.files) terminal.print(file);
      terminal.print(`${architectures[architecture].title}, ${created.parameters.toLocaleString('en')} parameters, seed ${seed}`);
      if (created.trained === undefined) terminal.print('initial weights; --data trains them');
      else {
        const { accuracy, seconds } = created.trained;
        terminal.print(
          `${describeFigures(accuracy).join(', ')} of ${accuracy.samples} test examples, ${accuracy.runtime}; trained in ${seconds.toFixed(0)} s`,
        );
      }
    });
}

function architectureOptions({ classes, inputSize, channels, alpha, firstStride }: Options): ArchitectureOptions {
  return {
    classes,
    inputSize,
    channels,
    alpha,
    firstStride: firstStride === undefined ? undefined : firstStride === '1' ? 1 : 2,
  };
}

function describe(name: ArchitectureName): string {
  const { title, source } = architectures[name];
  return `  ${name.padEnd(14)}${title}; ${source}`;
}
