import { InvalidArgumentError, type Command } from 'commander';
import { findStructureMistake } from '../../core/techniques/pruning/pruning-structure.ts';
import { certifyFile, type FileCertification } from '../../core/tree/operations/certify-file.ts';
import { missing } from '../../shared/drawing/format.ts';
import type { CertificateCheck } from '../../shared/results.ts';
import { kernelTable, type KernelColumn } from '../kernel-table.ts';
import { properFraction, wholeNumber } from '../numbers.ts';
import { CommandFailure } from '../program.ts';
import { printJson, processTerminal, type Terminal } from '../terminal.ts';

interface Options {
  readonly parent?: string;
  readonly sparsity?: number;
  readonly clusters?: number;
  readonly clustersPerChannel?: number;
  readonly group?: { readonly zeros: number; readonly groupSize: number };
  readonly fullInteger?: boolean;
  readonly plain?: string;
  readonly json?: boolean;
}

export function registerCertify(program: Command, terminal: Terminal = processTerminal): void {
  program
    .command('certify')
    .argument('<file>', 'a .tflite')
    .option('--parent <file>', 'the .tflite that it was made from: its zeros and clusters must be kept')
    .option('--sparsity <part>', 'part of each kernel that must be zero (depthwise kernels are left out)', properFraction)
    .option('--clusters <count>', 'most different values in a kernel', wholeNumber)
    .option('--clusters-per-channel <count>', 'most different values in an output channel', wholeNumber)
    .option('--group <n:m>', 'so many zeros in each group along the input channels, such as 2:4', zerosOfGroup)
    .option('--full-integer', 'no float tensor may be inside')
    .option('--plain <file>', 'the .tflite that the file, a packed one, must decode to')
    .option('--json', 'print the result as JSON')
    .action(async (file: string, options: Options) => {
      const certification = await certifyFile(file, options.parent, options);
      if (options.json === true) printJson(terminal, certification);
      else terminal.print(describeCertification(certification));
      const failed = certification.verdict.checks.filter((check) => !check.passed).length;
      if (failed > 0) throw new CommandFailure(`error: ${file}: ${failed} of ${certification.verdict.checks.length} checks failed`);
    });
}

/** Names as sparse hardware does: of 4 weights, 2 are zero in 2:4. */
function zerosOfGroup(text: string): { readonly zeros: number; readonly groupSize: number } {
  const [zeros = NaN, groupSize = NaN, ...rest] = text.split(':').map(Number);
  const mistake = findStructureMistake({ kind: 'groups', zeros, group: groupSize });
  if (rest.length > 0 || mistake !== undefined) throw new InvalidArgumentError('Give zeros and group size, such as 2:4.');
  return { zeros, groupSize };
}

export function describeCertification({ file, parent, fullInteger, weights, verdict }: FileCertification): string {
  const kept = (property: string): KernelColumn => ({
    title: property,
    cell: ({ layer }) => verdict.checks.find((check) => check.layer === layer && check.property === property)?.found ?? missing,
  });
  const table = kernelTable(weights, {
    zerosOfElements: true,
    more: parent === undefined ? [] : [kept("parent's zeros"), kept("parent's clusters")],
  });
  return [
    `${file}: ${fullInteger ? 'integer throughout' : 'computes in float'}`,
    '',
    table,
    '',
    ...verdict.checks.filter((check) => !check.passed).map(describeFailure),
    verdictLine(verdict.checks),
  ].join('\n');
}

function describeFailure({ layer, property, expected, found }: CertificateCheck): string {
  return `✗ ${layer === '' ? '' : `${layer}: `}${property}: expected ${expected}, found ${found}`;
}

function verdictLine(checks: readonly CertificateCheck[]): string {
  if (checks.length === 0)
    return 'measured only: nothing was demanded (--parent, --sparsity, --clusters, --clusters-per-channel, --group, --full-integer, --plain)';
  const passed = checks.filter((check) => check.passed).length;
  return passed === checks.length
    ? `✓ passed: ${passed} of ${checks.length} checks`
    : `✗ failed: ${checks.length - passed} of ${checks.length} checks`;
}
