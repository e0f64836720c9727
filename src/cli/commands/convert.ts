import { type Command, InvalidArgumentError, Option } from 'commander';
import { conversionModes, convertModel } from '../../core/tree/operations/convert-model.ts';
import type { InterfaceType } from '../../core/tflite/write-tflite.ts';
import { formatBytes } from '../../shared/drawing/format.ts';
import type { ConversionMode } from '../../shared/protocol.ts';
import type { ObserverChoice } from '../../shared/recipe/quantization-options.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { neverAborted } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly output: string;
  readonly mode: ConversionMode;
  readonly data?: string;
  readonly samples?: number;
  readonly observer?: ObserverChoice;
  readonly interface?: InterfaceType;
  readonly sparse?: boolean;
  readonly json?: boolean;
}

const interfaceTypes: readonly InterfaceType[] = ['int8', 'uint8', 'float32', 'int16'];

/** What `--interface` may choose with each mode. */
const interfacesOf: Readonly<Record<ConversionMode, readonly InterfaceType[]>> = {
  float: ['float32'],
  float16: ['float32'],
  dynamic: ['float32'],
  int8: ['int8', 'uint8', 'float32'],
  int16x8: ['int16', 'float32'],
};

export function registerConvert(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('convert')
    .argument('<model>', 'Keras .h5 or .keras, TFJS model.json, SavedModel folder, .onnx, or float .tflite')
    .requiredOption('-o, --output <file>', 'the .tflite to write')
    .addOption(new Option('--mode <mode>', 'number types of weights and activations').choices(conversionModes).default('float'))
    .option('--data <spec>', `${dataOptionHelp}; its training examples calibrate int8 and int16x8, unless the model states all ranges`)
    .option('--samples <count>', 'examples that calibrate (default: 1000)', wholeNumber)
    .option(
      '--observer <observer>',
      'how calibration takes a range from values: minmax, squared-error, moving-average[=MOMENTUM] or percentile[=PERCENT] (default: ranges that the model states, else minmax)',
      observerChoice,
    )
    .addOption(
      new Option('--interface <type>', "type of inputs and outputs of int8 and int16x8 (default: the activations')").choices(
        interfaceTypes,
      ),
    )
    .option('--sparse', 'store pruned 1x1 convolutions for the sparse kernels of XNNPACK in LiteRT (float and float16)')
    .addOption(inputShapeOption())
    .option('--json', 'print the result as JSON')
    .action(async (model: string, options: Options, command: Command) => {
      const isInteger = options.mode === 'int8' || options.mode === 'int16x8';
      if (!isInteger && options.observer !== undefined) {
        command.error(`error: --observer is of the calibration of int8 and int16x8; --mode ${options.mode} needs none`);
      }
      const interfaces = interfacesOf[options.mode];
      if (options.interface !== undefined && !interfaces.includes(options.interface)) {
        command.error(`error: --interface ${options.interface} does not go with --mode ${options.mode}; choose ${interfaces.join(', ')}`);
      }
      const data = options.data === undefined ? undefined : readDataOption(options.data);
      const bar = new ProgressBar(terminal);
      const result = await convertModel(
        {
          model,
          output: options.output,
          mode: options.mode,
          inputShape: options.inputShape,
          data,
          observer: options.observer,
          interface: options.interface,
          sparse: options.sparse,
        },
        { samples: options.samples, signal: neverAborted, onProgress: ({ phase, fraction }) => bar.update(phase, fraction) },
      ).finally(() => bar.clear());
      printWarnings(terminal, result.warnings);
      if (options.json === true) printJson(terminal, result);
      else {
        const { output, mode, sizes, comparison } = result;
        if (comparison !== undefined && comparison.examples > 0)
          terminal.print(
            `compared with the original in onnxruntime on ${comparison.examples} random inputs: differs by at most ${comparison.difference.toExponential(1)} of the range of an output`,
          );
        terminal.print(`${output}: ${mode}, ${formatBytes(sizes.raw)}, gzip ${formatBytes(sizes.gzip)}`);
      }
    });
}

/** The average covers about ten batches, fewer than calibration has. */
const usualMomentum = 0.9;
const usualPercentile = 99.99;
/** As in a recipe: a smaller number is probably a fraction instead of percent. */
const leastPercentile = 50;

/** `minmax`, `squared-error`, `moving-average` or `moving-average=0.9`, `percentile` or `percentile=99.99`. */
function observerChoice(text: string): ObserverChoice {
  const [kind, given, ...rest] = text.split('=');
  const value = given === undefined ? undefined : given.trim() === '' ? NaN : Number(given);
  if (rest.length === 0) {
    switch (kind) {
      case 'minmax':
        if (value === undefined) return { kind: 'minMax' };
        break;
      case 'squared-error':
        if (value === undefined) return { kind: 'squaredError' };
        break;
      case 'moving-average': {
        const momentum = value ?? usualMomentum;
        if (momentum >= 0 && momentum < 1) return { kind: 'movingAverage', momentum };
        throw new InvalidArgumentError('Give a momentum from 0 to below 1, such as moving-average=0.9.');
      }
      case 'percentile': {
        const percentile = value ?? usualPercentile;
        if (percentile >= leastPercentile && percentile <= 100) return { kind: 'percentile', percentile };
        throw new InvalidArgumentError('Give a part from 50 to 100 percent, such as percentile=99.99.');
      }
    }
  }
  throw new InvalidArgumentError('Give minmax, squared-error, moving-average, moving-average=MOMENTUM, percentile or percentile=PERCENT.');
}
