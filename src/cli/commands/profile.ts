import type { Command } from 'commander';
import { profileModel } from '../../core/tree/operations/profile-model.ts';
import { writeFileAtomically } from '../../core/tree/store/atomic-files.ts';
import { arenaSvgFile } from '../../shared/drawing/arena-plan.ts';
import { formatBytes } from '../../shared/drawing/format.ts';
import type { HardwareProfile } from '../../shared/hardware.ts';
import { inputShapeOption } from '../input-shape-option.ts';
import { printJson, printWarnings, processTerminal, type Terminal } from '../terminal.ts';
import { shortName, textTable } from '../text-table.ts';

interface Options {
  readonly inputShape?: readonly (readonly number[])[];
  readonly arena?: string;
  readonly json?: boolean;
}

export function registerProfile(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('profile')
    .description('what a model needs of a microcontroller: RAM as TFLite Micro lays it out, and multiply-accumulates')
    .argument('<model>', 'a .tflite, or a model of any format, which is profiled as the int8 .tflite that it becomes')
    .option('--arena <file.svg>', 'draw the tensor arena: memory over operators')
    .addOption(inputShapeOption())
    .option('--json', 'print everything as JSON')
    .action(async (path: string, options: Options) => {
      const profile = await profileModel(path, { kernels: 'reference', inputShape: options.inputShape });
      if (options.arena !== undefined) await writeFileAtomically(options.arena, new TextEncoder().encode(arenaSvgFile(profile.ram.head)));
      if (options.json === true) printJson(terminal, profile);
      else terminal.print(describeProfile(profile));
      printWarnings(terminal, profile.warnings);
    });
}

export function describeProfile(profile: HardwareProfile): string {
  return [...summary(profile), '', operatorTable(profile)].join('\n');
}

function summary({ file, macs, parameters, ram }: HardwareProfile): readonly string[] {
  const { head, persistent } = ram;
  const peak = head.steps[head.peakStep]?.label ?? '';
  return [
    `${file}: ${parameters.toLocaleString('en')} parameters, ${macs.toLocaleString('en')} multiply-accumulates`,
    `  RAM      ${formatBytes(ram.arenaBytes)} of tensor arena`,
    `  tensors  ${head.bytes.toLocaleString('en')} bytes, most at ${shortName(peak)}`,
    `  kept     ${persistent.bytes.toLocaleString('en')} bytes, an estimate: ${persistent.source}`,
  ];
}

function operatorTable({ operators }: HardwareProfile): string {
  return textTable(
    [
      { title: '#', numeric: true },
      { title: 'operator' },
      { title: 'name' },
      { title: 'parameters', numeric: true },
      { title: 'MACs', numeric: true },
    ],
    operators.map(({ index, kind, name, parameters, macs }) => [
      String(index),
      kind,
      shortName(name),
      parameters === 0 ? '' : parameters.toLocaleString('en'),
      macs === 0 ? '' : macs.toLocaleString('en'),
    ]),
  );
}
