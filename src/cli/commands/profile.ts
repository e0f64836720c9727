import type { Command } from 'commander';
import { EspalierError } from '../../core/errors.ts';
import { boards } from '../../core/hardware/boards.ts';
import { cortexMNames } from '../../core/hardware/cortex-m/cores.ts';
import { ethosUNames } from '../../core/hardware/ethos-u/accelerators.ts';
import { chosenTarget } from '../../core/hardware/targets.ts';
import { profileModel } from '../../core/tree/operations/profile-model.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { arenaSvgFile } from '../../shared/drawing/arena-plan.ts';
import { formatBytes, formatMilliseconds } from '../../shared/drawing/format.ts';
import { describeFit } from '../../shared/drawing/hardware-text.ts';
import { PROFILE_VERSION, type CycleProfile, type FlashProfile, type HardwareProfile } from '../../shared/hardware.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { runVela } from '../run-vela.ts';
import { CommandFailure } from '../program.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';
import { shortName, textTable } from '../text-table.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly target?: string;
  readonly board?: string;
  readonly boards?: boolean;
  readonly arena?: string;
  readonly json?: boolean;
  /** False with `--no-vela`. */
  readonly vela: boolean;
}

export function registerProfile(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('profile')
    .argument('[model]', 'a .tflite, or a model of any format, which is profiled as the int8 .tflite that it becomes')
    .option('--target <core+npu>', `${cortexMNames.join(', ')}, ${ethosUNames.join(', ')}, or one of each: cortex-m55+ethos-u55-128`)
    .option('--board <name>', 'a board of the list that --boards prints')
    .option('--boards', 'list the boards that are known')
    .option('--arena <file.svg>', 'draw the tensor arena: memory over operators')
    .option('--no-vela', 'do not run vela, Arm’s compiler, where it is installed: its figures stand in for the estimates of the NPU')
    .addOption(inputShapeOption())
    .option('--json', 'print everything as JSON')
    .action(async (path: string | undefined, options: Options) => {
      if (options.boards === true) {
        if (options.json === true) printJson(terminal, { version: PROFILE_VERSION, boards });
        else terminal.print(boardTable());
        return;
      }
      if (path === undefined)
        throw new EspalierError('invalid-argument', 'no model is given', { fix: 'name a .tflite, or list boards with --boards' });
      const profile = await profileModel(path, {
        target: chosenTarget(options.target, options.board),
        inputShape: options.inputShape,
        vela: options.vela ? runVela : undefined,
      });
      if (options.arena !== undefined) await writeFileAtomically(options.arena, arenaSvgFile(profile.ram.head));
      if (options.json === true) printJson(terminal, profile);
      else terminal.print(describeProfile(profile));
      printWarnings(terminal, profile.warnings);
      if (profile.board?.fits === false) throw new CommandFailure(`error: ${path}: ${describeFit(profile)}`);
    });
}

export function describeProfile(profile: HardwareProfile): string {
  return [...summary(profile), '', operatorTable(profile)].join('\n');
}

function summary(profile: HardwareProfile): readonly string[] {
  const { file, target, macs, parameters, ram, flash, cycles, npu, board } = profile;
  const head =
    npu === undefined || npu.cpuOperators > 0
      ? `${ram.head.bytes.toLocaleString('en')} bytes of tensors and scratch as TFLite Micro plans them`
      : `${npu.sramBytes.toLocaleString('en')} bytes of tensors and weights for the NPU, ${sourceText(npu.source)}`;
  return [
    `${file}: ${parameters.toLocaleString('en')} parameters, ${macs.toLocaleString('en')} multiply-accumulates`,
    ...(target === undefined ? [] : [`  target   ${target}`]),
    `  RAM      ${formatBytes(ram.arenaBytes)} of tensor arena, most at ${shortName(ram.peakOperator)}`,
    `           ${head}`,
    `           ${ram.persistent.bytes.toLocaleString('en')} bytes kept, an estimate: ${ram.persistent.source}`,
    `  flash    ${flashText(flash)}`,
    ...(npu === undefined ? [] : [`  weights  ${formatBytes(npu.weightBytes)} encoded for ${npu.name} (${sourceText(npu.source)})`]),
    ...(cycles === undefined ? [] : cycleLines(cycles)),
    ...(board === undefined ? [] : [`  board    ${describeFit(profile)}`]),
  ];
}

function cycleLines({ cpu, npu, milliseconds, sources }: CycleProfile): readonly string[] {
  const parts = [
    ...(cpu > 0 ? [`${Math.round(cpu).toLocaleString('en')} of the CPU`] : []),
    ...(npu > 0 ? [`${Math.round(npu).toLocaleString('en')} of the NPU`] : []),
  ];
  const time = milliseconds === undefined ? '' : `, ${formatMilliseconds(milliseconds)}`;
  return [`  cycles   ${parts.join(', ')}${time}, an estimate:`, ...sources.map((source) => `           ${source}`)];
}

function flashText({ bytes, fileBytes, code }: FlashProfile): string {
  if (code === undefined) return `${formatBytes(fileBytes)} of file, without the code that runs it`;
  return `${formatBytes(bytes)}: file ${formatBytes(fileBytes)}, code ${formatBytes(code.bytes)}, an estimate: ${code.source}`;
}

function sourceText(source: string): string {
  return source === 'estimate' ? 'an estimate' : source;
}

function boardTable(): string {
  return textTable(
    [
      { title: 'board' },
      { title: '' },
      { title: 'core' },
      { title: 'NPU' },
      { title: 'MHz', numeric: true },
      { title: 'RAM', numeric: true },
      { title: 'flash', numeric: true },
    ],
    boards.map(({ name, title, core, npu, clockHertz, ramBytes, flashBytes }) => [
      name,
      title,
      core,
      npu ?? '',
      String(clockHertz / 1e6),
      formatBytes(ramBytes),
      formatBytes(flashBytes),
    ]),
  );
}

function operatorTable({ operators, cycles }: HardwareProfile): string {
  return textTable(
    [
      { title: '#', numeric: true },
      { title: 'operator' },
      { title: 'name' },
      { title: 'parameters', numeric: true },
      { title: 'MACs', numeric: true },
      ...(cycles === undefined ? [] : [{ title: 'on' }, { title: 'cycles', numeric: true }]),
    ],
    operators.map((operator) => [
      String(operator.index),
      operator.kind,
      shortName(operator.name),
      count(operator.parameters),
      count(operator.macs),
      ...(cycles === undefined ? [] : [operator.processor ?? '', count(Math.round(operator.cycles ?? 0))]),
    ]),
  );
}

function count(value: number): string {
  return value === 0 ? '' : value.toLocaleString('en');
}
