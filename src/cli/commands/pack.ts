import { Option, type Command } from 'commander';
import { packFile, unpackFile } from '../../core/tree/operations/pack-file.ts';
import { formatBytes, formatPercent } from '../../shared/drawing/format.ts';
import type { KernelPacking, PackGoal, Packing } from '../../shared/packing.ts';
import { CommandFailure } from '../program.ts';
import { printJson, processTerminal, type Terminal } from '../terminal.ts';
import { shapeText, shortName, textTable } from '../text-table.ts';

interface Options {
  readonly output: string;
  readonly for?: keyof typeof goals;
  readonly strip?: boolean;
  readonly undo?: boolean;
  readonly json?: boolean;
}

const goals = { flash: 'small', speed: 'fast' } as const satisfies Record<string, PackGoal>;

export function registerPack(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('pack')
    .argument('<file>', 'a fully integer .tflite; with --undo a packed one')
    .requiredOption('-o, --output <file>', 'the .tflite to write')
    .addOption(
      new Option(
        '--for <goal>',
        'flash: the smallest of lookup tables, masks and Huffman codes (default); speed: lookup tables alone',
      ).choices(Object.keys(goals)),
    )
    .option('--strip', 'leave out names, signatures and metadata, which TFLite Micro never reads')
    .option('--undo', 'write the plain file of a packed one')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: Options, command: Command) => {
      if (options.undo === true) {
        if (options.for !== undefined || options.strip === true) command.error('error: --undo takes neither --for nor --strip');
        const unpacking = await unpackFile(file, options.output);
        if (options.json === true) printJson(terminal, unpacking);
        else
          terminal.print(
            `${options.output}: plain, ${formatBytes(unpacking.sizes.plain)} of ${formatBytes(unpacking.sizes.packed)} packed`,
          );
        return;
      }
      const packing = await packFile(file, options.output, goals[options.for ?? 'flash'], options.strip === true);
      if (options.json === true) printJson(terminal, packing);
      else terminal.print(describePacking(packing));
      if (!packing.proof.passed) throw new CommandFailure(`error: ${options.output}: it does not decode to ${file}`);
    });
}

export function describePacking({ output, sizes, kernels, undo, stripped, largestDecodedKernel, proof }: Packing): string {
  return [
    kernelTable(kernels),
    '',
    `${output}: ${formatBytes(sizes.packed)}, ${formatPercent(sizes.packed / sizes.plain, 1)} of the plain file's ${formatBytes(sizes.plain)} (gzip ${formatBytes(sizes.plainGzip)})`,
    proof.passed
      ? `✓ proven: decoded from the packed bytes, ${proof.checks.length - 1} kernels hold the integers of the plain file`
      : '✗ not proven: the packed bytes do not decode to the plain file',
    `  RAM: the tensor arena needs room for a decoded kernel, ${formatBytes(largestDecodedKernel)} at most; time: kernels are decoded at each run`,
    undo === 'same-bytes'
      ? '  --undo gives the plain file back, byte for byte'
      : `  --undo gives an equal model, not the same bytes: ${stripped ? 'names and metadata are left out' : 'another program wrote the plain file'}`,
  ].join('\n');
}

const schemeNames = { lut: 'lookup table', prune: 'mask', huffman: 'Huffman' } as const;

function kernelTable(kernels: readonly KernelPacking[]): string {
  return textTable(
    [
      { title: 'kernel' },
      { title: 'shape' },
      { title: 'plain', numeric: true },
      { title: 'packed', numeric: true },
      { title: 'tables', numeric: true },
      { title: 'scheme' },
      { title: '' },
    ],
    kernels.map(({ tensor, shape, plainBytes, encodedBytes, tableBytes, scheme, details }) => [
      shortName(tensor),
      shapeText(shape),
      String(plainBytes),
      String(encodedBytes),
      scheme === undefined ? '' : tableBytes === 0 ? 'shared' : String(tableBytes),
      scheme === undefined ? 'plain' : schemeNames[scheme],
      details,
    ]),
  );
}
