import { Option, type Command } from 'commander';
import { modelSensitivity, sensitivityTarget } from '../../core/tree/operations/model-sensitivity.ts';
import { boardNames } from '../../core/hardware/boards.ts';
import { formatBytes } from '../../shared/drawing/format.ts';
import { describeChoice, sameChoice, singleChoices as shown } from '../../shared/layer-choices.ts';
import {
  byteCounts,
  byteCountTitles,
  cycleCounts,
  cyclesSaved,
  type ByteCount,
  type ChoiceSensitivity,
  type CycleCount,
  type LayerSensitivity,
  type SensitivityReport,
} from '../../shared/sensitivity.ts';
import { codeDigest } from '../../worker/code-digest.ts';
import { dataOptionHelp, readDataOption } from '../data-option.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { neverAborted } from '../interrupt.ts';
import { wholeNumber } from '../numbers.ts';
import { ProgressBar } from '../progress-bar.ts';
import { shapeText, shortName, textTable } from '../text-table.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly data: string;
  readonly layer?: string;
  readonly bytes: ByteCount;
  readonly cycles?: CycleCount;
  readonly target?: string;
  readonly board?: string;
  readonly threads?: number;
  readonly cache: boolean;
  readonly json?: boolean;
}

export function registerSensitivity(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('sensitivity')
    .argument('<model>', 'the trained model')
    .requiredOption('--data <spec>', dataOptionHelp)
    .option('--layer <name>', 'every choice of this layer, with all bytes')
    .addOption(
      new Option('--bytes <count>', 'form of the file that the bytes of kernels are counted in').choices(byteCounts).default('gzip'),
    )
    .addOption(
      new Option('--cycles <count>', 'processor whose cycles are shown (default: the NPU, where the target has one)').choices(cycleCounts),
    )
    .option('--target <core+npu>', `device that cycles are estimated for (default: ${sensitivityTarget})`)
    .option('--board <name>', `board that cycles are estimated for: ${boardNames().join(', ')}`)
    .option('--threads <count>', 'threads of the engine (default: all cores)', wholeNumber)
    .addOption(inputShapeOption())
    .option('--no-cache', 'measure every layer again')
    .option('--json', 'print the result as JSON')
    .action(async (model: string, { data, inputShape, layer, bytes, cycles, target, board, threads, cache, json }: Options) => {
      const bar = new ProgressBar(terminal);
      const report = await modelSensitivity(
        { model, data: readDataOption(data), inputShape, threads, target, board, layer, ignoreCache: !cache },
        { signal: neverAborted, code: codeDigest(), onProgress: ({ phase, fraction }) => bar.update(phase, fraction) },
      ).finally(() => bar.clear());
      printWarnings(terminal, report.warnings);
      if (json === true) printJson(terminal, report);
      else terminal.print(layer === undefined ? describeSensitivity(report, bytes, cycles) : describeLayer(report, layer));
    });
}

const missingPart: Readonly<Record<CycleCount, string>> = { cortexM: 'Cortex-M core', ethosU: 'Ethos-U' };

export function describeSensitivity(report: SensitivityReport, bytes: ByteCount, cycleCount?: CycleCount): string {
  const { layers, overhead, targets } = report;
  const cycles = cycleCount ?? (targets.ethosU === undefined ? 'cortexM' : 'ethosU');
  const choice = (each: LayerSensitivity, index: number): ChoiceSensitivity | undefined => {
    const wanted = shown[index];
    return wanted && each.choices.find((found) => sameChoice(found, wanted));
  };
  return [
    heading(report),
    '',
    textTable(
      [
        { title: 'layer' },
        { title: '' },
        { title: 'weights', numeric: true },
        ...shown.map((each) => ({ title: describeChoice(each), numeric: true })),
      ],
      layers.map((each) => [
        shortName(each.layer),
        each.operation,
        each.elements.toLocaleString('en'),
        ...shown.map((_, index) => divergenceText(choice(each, index))),
      ]),
    ),
    '',
    `bytes of the kernel, ${byteCountTitles[bytes]}, estimates; besides the kernels the int8 file takes ${formatBytes(Math.round(overhead[bytes]))}`,
    '',
    textTable(
      [{ title: 'layer' }, { title: 'int8', numeric: true }, ...shown.map((each) => ({ title: describeChoice(each), numeric: true }))],
      layers.map((each) => [
        shortName(each.layer),
        bytesText(each.choices[0], bytes),
        ...shown.map((_, index) => bytesText(choice(each, index), bytes)),
      ]),
    ),
    ...(targets[cycles] === undefined
      ? cycleCount === undefined
        ? []
        : ['', `no cycles: the target has no ${missingPart[cycleCount]}, choose another one with --target or --board`]
      : [
          '',
          `cycles that a choice saves of one inference on ${targets[cycles]}, estimates`,
          '',
          textTable(
            [
              { title: 'layer' },
              { title: 'int8', numeric: true },
              ...shown.map((each) => ({ title: describeChoice(each), numeric: true })),
            ],
            layers.map((each) => [
              shortName(each.layer),
              countText(each.choices[0]?.cycles[cycles]),
              ...shown.map((_, index) => countText(cyclesSaved(each, choice(each, index), cycles))),
            ]),
          ),
        ]),
    ...legend(report),
  ].join('\n');
}

function describeLayer(report: SensitivityReport, name: string): string {
  const layer = report.layers.find((each) => each.layer === name);
  // Not reached: `modelSensitivity` refuses the name of a layer that the model does not have.
  if (layer === undefined) return heading(report);
  const counted = cycleCounts.filter((count) => report.targets[count] !== undefined);
  return [
    heading(report),
    `layer "${layer.layer}", ${layer.operation} ${shapeText(layer.shape)}, ${layer.macs.toLocaleString('en')} multiply-accumulates`,
    '',
    textTable(
      [
        { title: 'choice' },
        { title: 'divergence', numeric: true },
        ...byteCounts.map((count) => ({ title: byteCountTitles[count], numeric: true })),
        ...counted.map((count) => ({ title: `cycles saved, ${report.targets[count] ?? ''}`, numeric: true })),
      ],
      layer.choices.map((choice) => [
        describeChoice(choice),
        divergenceText(choice),
        ...byteCounts.map((count) => Math.round(choice.bytes[count]).toLocaleString('en')),
        ...counted.map((count) => countText(cyclesSaved(layer, choice, count))),
      ]),
    ),
    ...legend(report),
  ].join('\n');
}

function heading({ model, divergence, examples, engine }: SensitivityReport): string {
  return `${model}: ${divergence} of the output with one layer changed, before any training, on ${examples} training examples (${engine})`;
}

function legend({ layers }: SensitivityReport): readonly string[] {
  return layers.some(({ choices }) => choices.some(({ measured }) => !measured))
    ? ['', '~ an estimate: between measured choices, by the error of the layer’s outputs']
    : [];
}

function divergenceText(choice: ChoiceSensitivity | undefined): string {
  return choice === undefined ? '–' : `${choice.measured ? '' : '~'}${choice.divergence === 0 ? '0' : choice.divergence.toPrecision(2)}`;
}

function countText(count: number | undefined): string {
  return count === undefined ? '–' : Math.round(count).toLocaleString('en');
}

function bytesText(choice: ChoiceSensitivity | undefined, count: ByteCount): string {
  return choice === undefined ? '–' : formatBytes(Math.round(choice.bytes[count]));
}
